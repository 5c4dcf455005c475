// Parts that several answers share, by hand: bills, charts of plans, names of pictures, files that are
// checked.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "answers/bill.h"
#include "answers/experiments/figures.h"
#include "answers/files/checked.h"
#include "answers/memory_fit.h"
#include "answers/network.h"
#include "answers/plan/plan_charts.h"
#include "answers/plan/plan_picture.h"
#include "answers/validation.h"
#include "core/io/csv.h"
#include "core/io/paths.h"
#include "study/network.h"
#include "tests/answers/reading.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Ring(4) of 10 GB/s: 4 x 10 / 2 GB/s of links; Switch(2) of 5: 8 x 5 of links, switch ports and NICs each.
// With the prices of the artifact 20 x 2 NPUs ... for packages 4 $, for pods 7.8, 18 and 31.6 $.
TEST(CostDocumentPieces, BillsAddUp) {
  const Document document =
      cost_document(cost({.network = "Ring(4)_Switch(2)", .classes = "Package,Pod", .bandwidth = "10,5"}));
  const Json json = json_of(document);
  const Json& rows = json.at("bill");
  ASSERT_EQ(rows.size(), 4U);
  const double expected[] = {8.0 * 10.0 / 2.0 * 4.0, 40.0 * 7.8, 40.0 * 18.0, 40.0 * 31.6};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(rows[i].at("cost_usd"), expected[i]) << i;
    EXPECT_DOUBLE_EQ(
        rows[i].at("bought_gb_per_s").get<double>() * rows[i].at("usd_per_gb_per_s").get<double>(),
        expected[i]);
    EXPECT_EQ(rows[i].at("dimension"), i == 0 ? 1 : 2);
  }
  EXPECT_DOUBLE_EQ(json.at("cost_usd"), expected[0] + expected[1] + expected[2] + expected[3]);
  EXPECT_EQ(csv_of(document).size(), 5U);
  EXPECT_THAT(render_text(document, {}), HasSubstr("1 Ring(4)"));
  EXPECT_THAT(render_text(document, {}), HasSubstr("total"));
}

// To the byte: what is as large as the memory fits.
TEST(MemoryFitPieces, FitsToTheByte) {
  constexpr double one_gib = 1024.0 * 1024.0 * 1024.0;
  EXPECT_EQ(fit_verdict(80.0 * one_gib, 80.0 * one_gib).text, "fits: 80 of 80 GiB");
  EXPECT_EQ(fit_verdict(80.0 * one_gib, 80.0 * one_gib).mood, Verdict::Mood::Good);
  EXPECT_EQ(fit_verdict(80.0 * one_gib + 1.0, 80.0 * one_gib).mood, Verdict::Mood::Bad);
  EXPECT_EQ(fit_verdict(0.0, one_gib).text, "fits: 0 of 1 GiB");
  const Table table = memory_table({{"weights", 3.0}, {"activations", 4.0}});
  EXPECT_EQ(table.total[1].number(), 7.0);
  EXPECT_EQ(memory_table({}).total[1].number(), 0.0);
}

// A network whose prices nobody knows has no cost; its failed links are counted.
TEST(NetworkDocumentPieces, AnUnknownCostIsSaid) {
  const NetworkAnswer answer = network({.network = "Torus(2x2)", .bandwidth = "50", .prices = "ispass"});
  NetworkAnswer unknown = answer;
  unknown.cost = std::nullopt;
  unknown.failed = 3;
  const Json json = json_of(network_document(unknown));
  EXPECT_TRUE(json.at("cost_usd").is_null());
  EXPECT_EQ(json.at("failed_links"), 3);
  EXPECT_THAT(render_text(network_document(unknown), {}), HasSubstr("unknown (ispass)"));
}

PlannedDivision planned(std::int64_t tensor, std::int64_t pipeline, std::int64_t data, double ns) {
  PlannedDivision one;
  one.ranked.parallelism = {.tensor = tensor, .pipeline = pipeline, .data = data};
  one.ranked.step_ns = ns;
  one.estimate.step_ns = ns;
  one.estimate.breakdown = {{"compute", 0.5 * ns, 0.0, false},
                            {"pipeline bubble", 0.125 * ns, 0.0, false},
                            {"TP", 0.25 * ns, 0.0, true}};
  return one;
}

// As many bars as rows, but not more than fit: seconds, and of them what is waiting.
TEST(PlanCharts, RanksHaveABarEach) {
  PlanAnswer answer;
  for (int i = 1; i <= 25; ++i) answer.best.push_back(planned(1, 1, 8, 1e9 * i));
  const Chart chart = ranking_chart(answer);
  ASSERT_EQ(chart.panels[0].groups.size(), 20U);
  EXPECT_EQ(chart.panels[0].groups.back(), "20");
  EXPECT_EQ(chart.panels[0].group_words[2], "3: DP 8");
  for (std::size_t i = 0; i < 20; ++i) {
    const double seconds = 1.0 + static_cast<double>(i);
    EXPECT_DOUBLE_EQ(chart.panels[0].series[0].y[i], seconds);
    EXPECT_DOUBLE_EQ(chart.panels[0].series[1].y[i], 0.25 * seconds);
    EXPECT_DOUBLE_EQ(chart.panels[0].series[2].y[i], 0.125 * seconds);
  }
  EXPECT_EQ(fault_of(chart), "");
}

// A place for each TP and PP that was asked about; what does not fit is empty.
TEST(PlanCharts, MapsHaveAPlaceForEach) {
  PlanAnswer answer;
  answer.best.push_back(planned(2, 1, 4, 2e9));
  const auto cell = [](std::int64_t tensor, std::int64_t pipeline, double seconds) {
    PlanCell one{.tensor = tensor, .pipeline = pipeline};
    if (seconds > 0.0) one.best = RankedDivision{.step_ns = seconds * 1e9, .memory_bytes = 5.0};
    if (seconds <= 0.0) one.smallest = RankedDivision{.memory_bytes = 9.0};
    return one;
  };
  const std::vector<PlanCell> map = {cell(4, 2, 3.0), cell(2, 1, 2.0), cell(1, 1, 0.0), cell(1, 2, 7.0)};
  const Chart chart = map_chart(answer, map);
  EXPECT_THAT(chart.panels[0].groups, ElementsAre("TP 1", "TP 2", "TP 4"));
  ASSERT_EQ(chart.panels[0].series.size(), 2U);
  EXPECT_EQ(chart.panels[0].series[0].name, "PP 1");
  EXPECT_THAT(chart.panels[0].series[0].x, ElementsAre(1.0));
  EXPECT_THAT(chart.panels[0].series[1].x, ElementsAre(0.0, 2.0));
  EXPECT_THAT(chart.panels[0].series[1].y, ElementsAre(7.0, 3.0));
  EXPECT_THAT(chart.caption, HasSubstr("on 8 NPUs"));
  const Json rows = json_of(plan_picture(answer, map)).at("plan_cells");
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[2].at("fits"), false);
  EXPECT_TRUE(rows[2].at("step_time_s").is_null());
  EXPECT_EQ(rows[2].at("memory_bytes"), 9.0);
  EXPECT_EQ(rows[0].at("memory_bytes"), 5.0);
}

// A front is drawn as stairs below its points: each holds until the next one.
TEST(PlanCharts, FrontsAreStairs) {
  PlanAnswer answer;
  answer.pareto = true;
  for (const auto& [data, seconds] : {std::pair{32, 1.0}, {16, 3.0}, {8, 7.0}})
    answer.best.push_back(planned(1, 1, data, seconds * 1e9));
  const Chart chart = front_chart(answer);
  const Chart::Series& stairs = chart.panels[0].series[0];
  const Chart::Series& front = chart.panels[0].series[1];
  EXPECT_THAT(front.x, ElementsAre(8.0, 16.0, 32.0));
  EXPECT_THAT(front.y, ElementsAre(7.0, 3.0, 1.0));
  EXPECT_THAT(stairs.y, ElementsAre(7.0, 7.0, 3.0, 3.0, 1.0));
  for (std::size_t i = 1; i < stairs.x.size(); ++i) EXPECT_GT(stairs.x[i], stairs.x[i - 1]);
  EXPECT_EQ(fault_of(chart), "");
  // By what is minimized: NPU hours where no price is known, step time x network, the network.
  EXPECT_DOUBLE_EQ(weighed(PlanObjective::CostPerToken, answer.best[0]), 32.0 / 3600.0);
  answer.best[0].estimate.usd_per_million_tokens = 4.5;
  EXPECT_DOUBLE_EQ(weighed(PlanObjective::CostPerToken, answer.best[0]), 4.5);
  answer.best[0].network_usd = 1e6;
  EXPECT_DOUBLE_EQ(weighed(PlanObjective::PerfPerCost, answer.best[0]), 1e6);
  EXPECT_DOUBLE_EQ(weighed(PlanObjective::NetworkCost, answer.best[0]), 1e6);
  EXPECT_DOUBLE_EQ(weighed(PlanObjective::StepTime, answer.best[0]), 32.0);
}

// Two files of one ending never have pictures of one name, whatever separates their folders.
TEST(PictureNames, AreTheFilesOwn) {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  std::set<std::string> names;
  const std::vector<std::string> files = {"runs.csv",     "a/runs.csv",    "a__runs.csv",   "a_runs.csv",
                                          "a/_runs.csv",  "a_/runs.csv",   "a runs.csv",    "a+runs.csv",
                                          "a/b/runs.csv", "a__b/runs.csv", "a/b__runs.csv", "runs",
                                          "runs.csv.csv", "_runs.csv",     "a/runs"};
  for (const std::string& file : files) {
    if (file.find('/') != std::string::npos)
      std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << "n\n";
    const std::string name = picture_name(file, "otherwise");
    EXPECT_EQ(name.find('/'), std::string::npos) << file;
    EXPECT_TRUE(names.insert(name).second) << file << ": " << name;
    EXPECT_EQ(picture_name("./" + file, "otherwise"), name) << "however it is written";
    EXPECT_EQ(picture_name((folder / file).string(), "otherwise"), name);
  }
  EXPECT_EQ(picture_name("a/runs.csv", ""), "a__runs");
  EXPECT_EQ(picture_name("runs.csv", ""), "runs");
  EXPECT_EQ(picture_name("llama3-8b", "a name"), "a name");
  EXPECT_EQ(picture_name("a", "a folder"), "a folder");
  // The same place below another folder is another file.
  std::filesystem::current_path(folder / "a");
  EXPECT_NE(picture_name("../runs.csv", ""), picture_name("runs.csv", ""));
  std::filesystem::current_path(before);
}

// Labels and configurations with quotes in them are cells like any other.
TEST(StepErrorPieces, ReadBackAsCsv) {
  DataSet set{.name = "the \"set\"", .metric = "s", .target_percent = 5.0};
  Measurement row{.label = "70B, \"dense\"", .measured = 2.0, .family = "rows"};
  row.configuration = "tp=8; note=\"a, b\"";
  row.kind = StepKind{.npu = "h100", .parameters = 7e9, .npus = 8.0, .tokens_per_npu = 4096.0};
  row.predict = [](const Calibration&) { return 2.5; };
  set.rows.push_back(row);
  std::vector<DataSet> sets = {set};
  const CsvTable table = parse_csv(step_errors(score({}, sets)), "step_errors.csv");
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].text("run"), "the \"set\": 70B, \"dense\"");
  EXPECT_EQ(table.rows[0].text("configuration"), row.configuration);
  EXPECT_EQ(table.rows[0].text("npus"), "8");
}

// Every input that ships is valid, and its answer says what it is in CSV and JSON alike.
TEST(CheckedFiles, EveryInputThatShipsIsValid) {
  for (const char* folder : {"machines", "npus", "hardware", "networks", "prices", "libraries", "tiers"}) {
    std::set<std::string_view> kinds;
    for (const std::string& name : input_names(folder)) {
      const std::filesystem::path file = *find_input(folder, name);
      const CheckedFile checked = check_file(file.string());
      kinds.insert(checked.kind);
      EXPECT_THAT(checked.summary.ignored, IsEmpty()) << file;
      const Document document = checked_document(file.string(), checked);
      EXPECT_EQ(document.verdict.mood, Verdict::Mood::Good);
      EXPECT_EQ(json_of(document).at("facts").size(), checked.summary.facts.size());
      EXPECT_FALSE(checked.summary.facts.empty()) << file;
    }
    EXPECT_EQ(kinds.size(), 1U) << folder;
  }
  const std::string machine = find_input("machines", "dgx-h100")->string();
  EXPECT_EQ(refused([&] { return check_file(machine, {.library = "x"}); }), "--library is for traces");
  EXPECT_EQ(refused([&] { return check_file(machine, {.groups = "x"}); }), "--groups is for traces");
}

}  // namespace
}  // namespace bandwright
