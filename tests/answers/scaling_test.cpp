#include "answers/scaling/scaling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/answers/reading.h"

namespace bandwright {
namespace {

using namespace std::chrono_literals;

// Amdahl's law: one worker takes 100 s, of which a tenth is serial: T(n) = 100 (0.1 + 0.9 / n).
FittedSeries amdahl() {
  FittedSeries fitted;
  fitted.series.name = "strong";
  for (const int n : {1, 2, 4, 8, 16}) fitted.series.points.push_back({n, 100.0 * (0.1 + 0.9 / n)});
  fitted.summary = fit_scaling(fitted.series, {.predict = {32}, .holdout = 1});
  return fitted;
}

const Json* row_of(const Json& rows, const char* kind, int workers) {
  for (const Json& row : rows) {
    if (row.at("kind") == kind && row.at("workers") == workers) return &row;
  }
  return nullptr;
}

// Speedup and efficiency of the points, from the numbers measured.
TEST(FitDocument, PointsByHand) {
  const Json json = json_of(fit_document({amdahl()}));
  const Json& points = json.at("points");
  const Json* four = row_of(points, "measured", 4);
  ASSERT_NE(four, nullptr);
  EXPECT_DOUBLE_EQ(four->at("shown"), 32.5);  // 10 + 90/4
  EXPECT_DOUBLE_EQ(four->at("run_time_s"), 32.5);
  EXPECT_DOUBLE_EQ(four->at("speedup"), 100 / 32.5);
  EXPECT_DOUBLE_EQ(four->at("efficiency"), 25 / 32.5);
  // Karp and Flatt: (1/speedup - 1/n) / (1 - 1/n) is the serial part, at every count.
  EXPECT_NEAR(four->at("karp_flatt").get<double>(), 0.1, 1e-9);
  EXPECT_TRUE(row_of(points, "measured", 1)->at("karp_flatt").is_null());
  EXPECT_EQ(row_of(points, "measured", 16), nullptr);
  const Json* held_out = row_of(points, "held_out", 16);
  ASSERT_NE(held_out, nullptr);
  EXPECT_NEAR(held_out->at("law_value").get<double>(), 15.625, 1e-3);
  EXPECT_NEAR(held_out->at("error").get<double>(), 0.0, 1e-4);
  const Json* predicted = row_of(points, "predicted", 32);
  ASSERT_NE(predicted, nullptr);
  EXPECT_NEAR(predicted->at("shown").get<double>(), 10 + 90.0 / 32, 1e-2);
}

// The law drawn goes through every count to the last one predicted, faster with every worker.
TEST(FitDocument, TheLawIsDrawnToTheLastPrediction) {
  const Json json = json_of(fit_document({amdahl()}));
  int last = 0;
  double seconds = 1e9;
  for (const Json& row : json.at("points")) {
    if (row.at("kind") != "law") continue;
    EXPECT_GT(row.at("workers").get<int>(), last);
    EXPECT_LT(row.at("shown").get<double>(), seconds);
    EXPECT_LE(row.at("low").get<double>(), row.at("shown").get<double>() * (1 + 1e-9));
    EXPECT_GE(row.at("high").get<double>(), row.at("shown").get<double>() * (1 - 1e-9));
    EXPECT_EQ(row.at("workers").get<int>(), last + 1) << "every one up to 64";
    last = row.at("workers");
    seconds = row.at("shown");
  }
  EXPECT_EQ(last, 32);
  const Json& curve = json.at("curves")[0];
  EXPECT_EQ(curve.at("series"), "strong");
  EXPECT_EQ(curve.at("scaling"), "strong");
  // Efficiency is a half where 100 / T = n / 2: n = 11.
  EXPECT_EQ(curve.at("pays_until"), 11);
}

TEST(FitDocument, LawsHaveTheirParameters) {
  const Json json = json_of(fit_document({amdahl()}));
  for (const Json& law : json.at("laws")) {
    if (!law.at("refused").is_null()) {
      EXPECT_TRUE(law.at("t1_s").is_null());
      continue;
    }
    if (law.at("law") != json.at("curves")[0].at("law")) continue;
    EXPECT_NEAR(law.at("t1_s").get<double>(), 100.0, 0.1);
    EXPECT_NEAR(law.at("sigma").get<double>(), 0.1, 1e-3);
  }
}

// A rate is shown as it was measured: 10, 18 images per second are one worker's second over 1 and 2 workers.
TEST(FitDocument, RatesStayRates) {
  FittedSeries fitted;
  fitted.series =
      parse_scaling_csv("n,images_per_sec\n1,10\n2,18\n4,32\n8,52\n", "rates.csv", ScalingMode::Strong)[0];
  fitted.summary = fit_scaling(fitted.series, {.predict = {16}});
  const Json json = json_of(fit_document({fitted}));
  const Json* two = row_of(json.at("points"), "measured", 2);
  ASSERT_NE(two, nullptr);
  EXPECT_EQ(two->at("value_name"), "images_per_sec");
  EXPECT_NEAR(two->at("shown").get<double>(), 18.0, 1e-9);
  EXPECT_NEAR(two->at("speedup").get<double>(), 1.8, 1e-9);
  EXPECT_EQ(json.at("curves")[0].at("scaling"), "weak");
  const Json* predicted = row_of(json.at("points"), "predicted", 16);
  ASSERT_NE(predicted, nullptr);
  EXPECT_LE(predicted->at("low").get<double>(), predicted->at("shown").get<double>());
  EXPECT_GE(predicted->at("high").get<double>(), predicted->at("shown").get<double>());
}

TEST(CurveDocument, RatesFollowFromSteps) {
  const CurveQuestion question{.job = {.model = "resnet-50", .machine = "dgx-a100"},
                               .workers = {8, 16, 32, 64}};
  const SimulatedCurve answer = curve(question);
  const Json json = json_of(curve_document(answer));
  EXPECT_EQ(json.at("scaling"), "weak");
  EXPECT_EQ(json.at("efficiency_bound"), 0.5);
  const Json& points = json.at("points");
  ASSERT_EQ(points.size(), 4U);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Json& point = points[i];
    EXPECT_EQ(point.at("workers"), question.workers[i]);
    const double items = point.at("batch").get<double>() * question.workers[i];
    EXPECT_NEAR(point.at("items_per_s").get<double>() * point.at("step_time_s").get<double>(), items,
                1e-6 * items);
    EXPECT_LE(point.at("efficiency").get<double>(), 1.0 + 1e-9);
    EXPECT_TRUE(point.at("refused").is_null());
    EXPECT_GE(point.at("exposed_share").get<double>(), 0.0);
    EXPECT_LE(point.at("exposed_share").get<double>(), 1.0);
  }
  EXPECT_EQ(json.at("parameters"), answer.image_model->parameters());
}

// Sixteen trials of 10 s on 1, 4 and 5 workers: 160, 40 and, in four rounds, 40 s. Each moves 1 GB/s, of
// which a head link of 4 GB/s serves four.
TEST(TrialsDocument, AStaircaseByHand) {
  TrialsAnswer answer;
  answer.cluster.head_link = gb_per_s(4.0);
  answer.cluster.rate = gb_per_s(1.0);
  answer.scheduler = &trial_schedulers()[0];
  answer.jobs = 16;
  answer.one_worker_seconds = 160.0;
  const std::vector<Trial> trials(16, Trial{10s, 0.5});
  for (const int workers : {1, 4}) {
    TrialCluster cluster = answer.cluster;
    cluster.workers = workers;
    answer.points.push_back(run_trials(trials, cluster, *answer.scheduler));
  }
  const Document document = trials_document(answer);
  const Json json = json_of(document);
  EXPECT_EQ(document.verdict.text, "the head link saturates at 4 workers");
  EXPECT_EQ(json.at("saturates_at_workers"), 4.0);
  EXPECT_EQ(json.at("head_link_gb_per_s"), 4.0);
  const Json& four = json.at("points")[1];
  EXPECT_DOUBLE_EQ(four.at("makespan_s"), 40.0);
  EXPECT_DOUBLE_EQ(four.at("speedup"), 4.0);
  EXPECT_DOUBLE_EQ(four.at("efficiency"), 1.0);
  EXPECT_DOUBLE_EQ(four.at("utilization"), 1.0);
  EXPECT_DOUBLE_EQ(four.at("head_gb_per_s"), 4.0);
  EXPECT_DOUBLE_EQ(four.at("head_share"), 1.0);
  EXPECT_NEAR(four.at("head_bytes").get<double>(), 160e9, 1e3);
  EXPECT_NEAR(four.at("mean_head_gb_per_s").get<double>(), 4.0, 1e-9);
  EXPECT_EQ(four.at("stopped_early"), 0);
  EXPECT_DOUBLE_EQ(json.at("points")[0].at("makespan_s"), 160.0);

  answer.cluster.rate = gb_per_s(0.0);
  EXPECT_EQ(trials_document(answer).verdict.text, "the head link never saturates");
  EXPECT_TRUE(json_of(trials_document(answer)).at("saturates_at_workers").is_null());
}

// Three runs of 2, 1 and 4 s: the middle one is 2, the spread (4 - 1) / 2. One count that failed is apart.
TEST(MeasurementDocument, RunsAndFailures) {
  MeasuredPoint two{.workers = 2, .seconds = {2.0, 1.0, 4.0}, .peak_bytes = 1 << 20};
  MeasuredPoint four{.workers = 4, .failure = "exit status 1"};
  const Json json = json_of(measurement_document({"./train", "{n}"}, {two, four}));
  EXPECT_EQ(json.at("measured_command"), (std::vector<std::string>{"./train", "{n}"}));
  ASSERT_EQ(json.at("points").size(), 1U);
  const Json& point = json.at("points")[0];
  EXPECT_EQ(point.at("median_s"), 2.0);
  EXPECT_EQ(point.at("fastest_s"), 1.0);
  EXPECT_EQ(point.at("slowest_s"), 4.0);
  EXPECT_EQ(point.at("spread"), 1.5);
  EXPECT_EQ(point.at("peak_memory_bytes"), 1 << 20);
  EXPECT_EQ(point.at("runs"), 3);
  ASSERT_EQ(json.at("failures").size(), 1U);
  EXPECT_EQ(json.at("failures")[0].at("workers"), 4);
  EXPECT_EQ(json.at("failures")[0].at("reason"), "exit status 1");
}

// Rates 10 and 20: the median is 15, 16 of 100 are at most 10 + 0.16 x 10.
TEST(MeasurementDocument, RatesAndGpusWhereTheyAre) {
  const MeasuredPoint one{.workers = 1, .seconds = {1.0}, .rates = {10.0, 20.0}, .gpu_bytes = 1 << 30};
  const Json json = json_of(measurement_document({"./train"}, {one}));
  const Json& point = json.at("points")[0];
  EXPECT_EQ(point.at("items_per_s"), 15.0);
  EXPECT_NEAR(point.at("low_items_per_s").get<double>(), 11.6, 1e-12);
  EXPECT_NEAR(point.at("high_items_per_s").get<double>(), 18.4, 1e-12);
  EXPECT_EQ(point.at("rates"), 2);
  EXPECT_EQ(point.at("gpu_memory_bytes"), 1 << 30);
  const Json plain = json_of(measurement_document({"./train"}, {{.workers = 1, .seconds = {1.0}}}));
  EXPECT_FALSE(plain.at("points")[0].contains("items_per_s"));
}

TEST(HideEmptyColumns, HidesThemFromPeopleAlone) {
  Table table = Table::of("points");
  table.column("workers").column("error");
  table.rows = {{1, Value()}, {2, Value()}};
  hide_empty_columns(table);
  EXPECT_EQ(table.columns[0].shown, Shown::Everywhere);
  EXPECT_EQ(table.columns[1].shown, Shown::ToPrograms);
}

}  // namespace
}  // namespace bandwright
