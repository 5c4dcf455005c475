// Answers of the smaller commands: networks, recipes, lists, jobs that share, validation, calibration.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "answers/built/share.h"
#include "answers/calibration.h"
#include "answers/listing.h"
#include "answers/network.h"
#include "answers/recipe.h"
#include "answers/validation.h"
#include "core/io/paths.h"
#include "study/network.h"
#include "study/recipe/settings.h"
#include "tests/answers/reading.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A bill of classes: what is bought of each, and its cost adds up to the whole.
TEST(NetworkDocument, AddsUpItsClasses) {
  for (const char* words : {"FatTree(64, radix 16)", "LeafSpine(4x8, oversubscription 4)",
                            "RailOptimised(4x8, inside 450)", "Torus(4x4)"}) {
    const NetworkAnswer answer = network({.network = words, .bandwidth = "50"});
    const Document document = network_document(answer);
    const Json json = json_of(document);
    ASSERT_TRUE(answer.cost) << words;
    EXPECT_NEAR(sum_of(json.at("link_classes"), "cost_usd"), json.at("cost_usd").get<double>(), 1e-6);
    EXPECT_EQ(sum_of(json.at("link_classes"), "links"), json.at("links").get<double>());
    EXPECT_EQ(json.at("npus"), answer.graph.npus());
    EXPECT_EQ(json.at("switches"), answer.switches);
    EXPECT_EQ(json.at("failed_links"), 0);
    EXPECT_DOUBLE_EQ(json.at("between_halves_gb_per_s"), answer.between_halves.value());
    const auto csv = csv_of(document);
    EXPECT_EQ(csv.size(), 1U + json.at("link_classes").size()) << words;
    EXPECT_THAT(document.verdict.text, HasSubstr(fmt::format("{} NPUs", answer.graph.npus())));
  }
}

// The script is a comment and a command: a shell would run what the document says.
TEST(RecipeDocument, TheScriptIsItsCommand) {
  const Recipe recipe = read_recipe(
      "--micro-batch-size 2 --nproc-per-node 8 --nnodes 4 --tensor-model-parallel-size 4 --lr 0.1 "
      "--frobnicate 7 "
      "--optimizer sgd",
      "run.sh", {.model = "llama3-8b"});
  const Document document = recipe_document("run.sh", recipe);
  const Json json = json_of(document);
  EXPECT_EQ(json.at("software"), "Megatron-Core");
  EXPECT_EQ(json.at("estimate_command"), estimate_command(recipe.job));
  std::set<std::string> options;
  for (const Json& row : json.at("job_words")) options.insert(row.at("option"));
  EXPECT_TRUE(options.contains("--tp"));
  EXPECT_TRUE(options.contains("--npus"));
  EXPECT_EQ(json.at("weightless"), Json({"--lr"}));
  EXPECT_THAT(document.notes, testing::Contains("not in it: give --machine to import"));
  EXPECT_THAT(document.notes, testing::Contains(HasSubstr("--frobnicate 7")));
  const std::string script = recipe_script("run.sh", recipe);
  std::string commands;
  for (const std::string_view line : split(script, '\n')) {
    if (line.empty()) continue;
    if (line[0] != '#') commands += std::string(line);
    if (line[0] == '#') {
      EXPECT_LE(line.size(), 111U) << line;
    }
  }
  EXPECT_EQ(commands, estimate_command(recipe.job));
  for (const std::string& note : document.notes) EXPECT_THAT(script, HasSubstr(note.substr(0, 40)));
}

// One list or several by a name; together they are all, and every input that ships is in one of them.
TEST(ListingDocument, HasEveryInputOnce) {
  const auto names = [](std::string_view what) {
    std::multiset<std::string> all;
    const Json json = json_of(listing_document(what));
    for (const Json& row : json.at("entries")) all.insert(row.at("name").get<std::string>());
    return all;
  };
  for (const auto& [list, folder] : {std::pair{"transformers", "models/transformers"},
                                     {"images", "models/images"},
                                     {"tables", "models/tables"},
                                     {"machines", "machines"},
                                     {"npus", "npus"}}) {
    const std::vector<std::string> files = input_names(folder);
    EXPECT_EQ(names(list), std::multiset<std::string>(files.begin(), files.end())) << list;
  }
  std::multiset<std::string> models;
  for (const char* list : {"transformers", "images", "tables"}) models.merge(names(list));
  EXPECT_EQ(names("models"), models);
  EXPECT_EQ(names("architectures"), names("transformers"));
  EXPECT_EQ(names("Systems"), names("machines"));
  EXPECT_GT(names("").size(), models.size() + names("machines").size());
  const std::string said = refused([] { return listing_document("machine"); });
  EXPECT_THAT(said, HasSubstr("unknown list 'machine'; did you mean 'machines'?"));
  EXPECT_THAT(said, HasSubstr("bandwright list shows all"));
}

// What each loses is its shared step less its step alone.
TEST(ShareDocument, LosesTheDifference) {
  ShareAnswer answer{.network = "net", .jobs = {}};
  SharedStep a{.name = "a", .model = "m", .npus = 4, .alone = nanoseconds(100)};
  a.shared.step_time = nanoseconds(150);
  SharedStep b{.name = "b", .model = "m", .npus = 8, .start = nanoseconds(7), .alone = nanoseconds(1000)};
  b.shared.step_time = nanoseconds(1200);
  answer.jobs = {a, b};
  const Document document = share_document(answer);
  EXPECT_THAT(document.verdict.text, testing::StartsWith("b loses most"));
  EXPECT_THAT(document.title, HasSubstr("net: 2 jobs"));
  const Json json = json_of(document);
  const Json& rows = json.at("sharing_jobs");
  EXPECT_DOUBLE_EQ(rows[0].at("lost_s"), 50e-9);
  EXPECT_DOUBLE_EQ(rows[0].at("lost_share"), 0.5);
  EXPECT_DOUBLE_EQ(rows[1].at("lost_share"), 0.2);
  EXPECT_DOUBLE_EQ(rows[1].at("starts_s"), 7e-9);
  answer.jobs = {{.name = "nothing"}};
  EXPECT_TRUE(json_of(share_document(answer)).at("sharing_jobs")[0].at("lost_share").is_null());
}

// Made-up rows: each predicted at a factor of what was measured.
DataSet rows_off_by(const std::string& name, const std::vector<double>& errors, double target) {
  DataSet set{.name = name, .metric = "s", .target_percent = target};
  for (std::size_t i = 0; i < errors.size(); ++i) {
    Measurement row{.label = fmt::format("row {}", i), .measured = 2.0, .family = "rows"};
    row.predict = [predicted = 2.0 * (1.0 + errors[i])](const Calibration&) { return predicted; };
    row.filled = i == 0 ? 1.5 : 0.5;
    set.rows.push_back(std::move(row));
  }
  return set;
}

TEST(ValidationDocument, SummarisesEverySet) {
  std::vector<DataSet> sets = {rows_off_by("good", {0.02, -0.04}, 5.0),
                               rows_off_by("bad", {0.5, -0.1, 0.0}, 10.0)};
  sets[1].not_run = {
      {"b.csv:2", "odd"}, {"b.csv:3", "odd"}, {"b.csv:4", "even"}, {"b.csv:5", "odd"}, {"b.csv:6", "odd"}};
  const ValidationAnswer answer = score({}, sets);
  EXPECT_EQ(answer.constants, "shipped");
  const Document document = validation_document(answer);
  const Json json = json_of(document);
  const Json& rows = json.at("sets");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_NEAR(rows[0].at("mape_percent").get<double>(), 3.0, 1e-9);
  EXPECT_NEAR(rows[0].at("bias_percent").get<double>(), -1.0, 1e-9);
  EXPECT_NEAR(rows[1].at("mape_percent").get<double>(), 20.0, 1e-9);
  EXPECT_NEAR(rows[1].at("median_percent").get<double>(), 10.0, 1e-9);
  EXPECT_NEAR(rows[1].at("worst_percent").get<double>(), 50.0, 1e-9);
  EXPECT_EQ(rows[1].at("not_run"), 5);
  EXPECT_EQ(rows[1].at("too_large"), 1);
  EXPECT_EQ(document.verdict.text, "mean errors of 3.0 to 20.0 % per set; 1 of 2 sets within their target");
  EXPECT_EQ(document.verdict.mood, Verdict::Mood::Plain);
  // The worst first, each predicted as it is off.
  const Json& worst = json.at("worst_rows");
  ASSERT_EQ(worst.size(), 5U);
  double before = 1.0;
  for (const Json& row : worst) {
    const double error = row.at("error");
    EXPECT_LE(std::abs(error), before);
    before = std::abs(error);
    EXPECT_NEAR(row.at("predicted").get<double>(), row.at("measured").get<double>() * (1.0 + error), 1e-9);
  }
  EXPECT_EQ(json.at("not_run").size(), 5U);
  EXPECT_THAT(render_text(document, {}), HasSubstr("4 rows: odd (b.csv:2, b.csv:3, b.csv:5, ...)"));
  EXPECT_EQ(json_of(validation_rows(answer)).at("rows").size(), 5U);
  // A set without rows has no errors, and is in no verdict.
  std::vector<DataSet> none = {rows_off_by("empty", {}, 5.0)};
  const Document empty = validation_document(score({}, none));
  EXPECT_EQ(empty.verdict.text, "no row could be run");
  EXPECT_TRUE(json_of(empty).at("sets")[0].at("mape_percent").is_null());
}

// Dots are predictions over measurements; the line of no error spans what was measured.
TEST(ValidationChart, HasADotForEachRow) {
  std::vector<DataSet> sets = {rows_off_by("one", {0.5, -0.5}, 5.0), rows_off_by("none", {}, 5.0)};
  sets[0].rows[1].measured = 8.0;
  const ValidationAnswer answer = score({}, sets);
  const Chart chart = accuracy_chart(answer);
  ASSERT_EQ(chart.panels.size(), 1U);
  const Chart::Series& dots = chart.panels[0].series[0];
  EXPECT_EQ(dots.x, (std::vector<double>{2.0, 8.0}));
  EXPECT_NEAR(dots.y[0], 3.0, 1e-12);
  EXPECT_NEAR(dots.y[1], 1.0, 1e-12);
  EXPECT_EQ(chart.panels[0].series[1].x, (std::vector<double>{2.0, 8.0}));
  EXPECT_EQ(chart.panels[0].series[1].x, chart.panels[0].series[1].y);
}

// Errors of steps as logarithms; a rate that is too high is a time that is too short.
TEST(StepErrors, AreOfTimes) {
  std::vector<DataSet> sets = {rows_off_by("times", {0.25}, 5.0), rows_off_by("rates", {0.25}, 5.0),
                               rows_off_by("published_runs", {0.25}, 5.0),
                               rows_off_by("kernels", {0.25}, 5.0)};
  sets[1].metric = "tokens/s";
  for (std::size_t i = 0; i < 3; ++i) {
    sets[i].rows[0].kind = StepKind{.npu = "h100", .parameters = 7e9, .npus = 8.0, .tokens_per_npu = 4096.0};
  }
  const std::string text = step_errors(score({}, sets));
  const std::vector<std::string_view> lines = split(text, '\n');
  ASSERT_EQ(lines.size(), 4U);  // a header, two rows and what follows the last
  EXPECT_THAT(std::string(lines[1]), testing::EndsWith(fmt::format("bf16,{:.4f}", std::log(1.25))));
  EXPECT_THAT(std::string(lines[2]), testing::EndsWith(fmt::format("bf16,{:.4f}", -std::log(1.25))));
}

// Errors before and after of each set are those of its own rows.
TEST(CalibrationDocument, SplitsTheErrorsBySet) {
  OwnMachine own;
  own.machine.name = "ours";
  own.constants = {{"h100", "sustained", 0.8, 0.7}};
  own.before = {0.1, 0.3, -0.2};
  own.after = {0.02, 0.04, -0.01};
  const OwnMeasurements measured{.gemms = rows_off_by("gemms", {0.0, 0.0}, 5.0),
                                 .collectives = {},
                                 .steps = rows_off_by("steps", {0.0}, 5.0)};
  const Document document = calibration_document(own, measured);
  EXPECT_EQ(document.verdict.mood, Verdict::Mood::Good);
  EXPECT_EQ(document.verdict.text, "mean error of the measurements 2.3 %, before 20.0 %");
  const Json json = json_of(document);
  const Json& sets = json.at("sets");
  ASSERT_EQ(sets.size(), 2U);
  EXPECT_NEAR(sets[0].at("before_percent").get<double>(), 20.0, 1e-9);
  EXPECT_NEAR(sets[0].at("mape_percent").get<double>(), 3.0, 1e-9);
  EXPECT_NEAR(sets[1].at("before_percent").get<double>(), 20.0, 1e-9);
  EXPECT_NEAR(sets[1].at("mape_percent").get<double>(), 1.0, 1e-9);
  EXPECT_EQ(json.at("constants_fitted")[0].at("after"), 0.7);
}

}  // namespace
}  // namespace bandwright
