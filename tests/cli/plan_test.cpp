// The search for a division through the program.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"
#include "tests/cli/refusal.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

const Words planned_job = {"plan",   "llama3-8b", "--machine",      "dgx-h100",
                           "--npus", "16",        "--global-batch", "32"};

// The command that the answer hands out estimates the same step.
TEST(PlanCommand, PlansHaveADivisionAndWhatEstimateSays) {
  const ScratchFolder folder;
  const nlohmann::json answer = json_answer(extended(planned_job, {"--best", "2"}), folder);
  ASSERT_EQ(answer["plans"].size(), 2U);
  const nlohmann::json& best = answer["plans"][0];
  EXPECT_EQ(best["rank"], 1);
  EXPECT_EQ(best["division"].size(), 10U);
  EXPECT_TRUE(best["fits"]);
  EXPECT_EQ(answer["gap"], 0.0);
  EXPECT_EQ(answer["step_time_bound_s"], best["step_time_s"]);
  const auto counts = answer["counts"];
  EXPECT_EQ(counts["combinations"].get<double>(), counts["cannot_be_divided"].get<double>() +
                                                      counts["do_not_fit"].get<double>() +
                                                      counts["feasible"].get<double>());
  std::istringstream command(answer["next_commands"][0].get<std::string>());
  Words words{std::istream_iterator<std::string>(command), {}};
  ASSERT_EQ(words[0], "bandwright");
  words.erase(words.begin());
  const nlohmann::json estimate = json_answer(words, folder);
  for (const char* key :
       {"step_time_s", "mfu", "hfu", "tokens_per_s", "memory_bytes", "tflop_per_s_per_npu"}) {
    EXPECT_EQ(best[key], estimate[key]) << key;
  }
}

TEST(PlanCommand, GivesArgumentsOfLaunchers) {
  const ScratchFolder folder;
  const Words fixed = {"--tp", "4",      "--pp", "2", "--micro-batch", "1", "--virtual-stages",
                       "1",    "--zero", "1"};
  const nlohmann::json answer = json_answer(extended(planned_job, fixed), folder);
  EXPECT_THAT(
      answer["megatron_core_arguments"],
      HasSubstr("--tensor-model-parallel-size 4 --sequence-parallel --pipeline-model-parallel-size 2"));
  EXPECT_THAT(answer["torchtitan_arguments"], HasSubstr("--parallelism.pipeline_parallel_degree 2"));
  // 16 / (4 x 2) = 2 replicas of 16 micro-batches of 1, all in one pass through the pipeline
  EXPECT_THAT(answer["torchtitan_arguments"], HasSubstr("--training.local_batch_size 16"));
  EXPECT_EQ(answer.dump().find("\"megatron-core\""), std::string::npos);
  const Finished text =
      run_bandwright(extended(extended(planned_job, fixed), {"--launch", "megatron-core"}), folder.path());
  EXPECT_THAT(text.out, HasSubstr("--tensor-model-parallel-size 4"));
}

TEST(PlanCommand, NothingFeasibleEndsWithOneAndSaysWhy) {
  const ScratchFolder folder;
  Finished run = run_bandwright(extended(planned_job, {"--max-step", "1 us"}), folder.path());
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.out, HasSubstr("--max-step removes the last, the fastest takes"));
  run = run_bandwright(extended(planned_job, {"--max-memory", "2 GB"}), folder.path());
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.out, HasSubstr("memory removes the last: the smallest bill"));
  run = run_bandwright(extended(planned_job, {"--tp", "7"}), folder.path());
  EXPECT_EQ(run.status, 2);  // a space that is empty is bad input
  EXPECT_THAT(run.err, HasSubstr("7 does not divide"));
}

// A proof is accepted, and rejected when a word of it changes.
TEST(VerifyCommand, AcceptsProofsAndRejectsChangedOnes) {
  const ScratchFolder folder;
  const Words narrow = extended(planned_job, {"--virtual-stages", "1", "--micro-batch", "1", "--minimize",
                                              "perf-per-cost", "--best", "2"});
  const Finished run = run_bandwright(extended(narrow, {"--proof", "p.jsonl"}), folder.path());
  EXPECT_EQ(run.status, 0) << run.err;
  const std::string proof = contents(folder.path() / "p.jsonl");
  Finished checked = run_bandwright({"verify", "p.jsonl"}, folder.path());
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_THAT(checked.out, HasSubstr("accepted"));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = proof;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
    folder.write("q.jsonl", text);
    return run_bandwright({"verify", "q.jsonl"}, folder.path());
  };
  // Another price, a dropped line, another number of divisions.
  const Finished price = changed("\"weights\":[", "\"weights\":[1");
  EXPECT_EQ(price.status, 1);
  EXPECT_THAT(price.out, HasSubstr("rejected: the weights"));
  const std::size_t line = proof.find("{\"closed\"");
  const std::string closed = proof.substr(line, proof.find('\n', line) + 1 - line);
  EXPECT_EQ(changed(closed, "").status, 1);
  EXPECT_EQ(changed("\"counts\":{\"valid\":", "\"counts\":{\"valid\":1").status, 1);
  // What is no proof.
  folder.write("none.jsonl", "{\"plan\": 1}\n");
  expect_refused(run_bandwright({"verify", "none.jsonl"}, folder.path()), "none.jsonl:1: no proof");
  expect_refused(changed("{\"closed\"", "{\"closed"), "no line of a proof");
  // Numbers that cannot be, with line and key.
  expect_refused(changed("\"valid\":", "\"valid\":-"), "valid: -");
  expect_refused(changed("\"best\":2", "\"best\":1e308"), "q.jsonl:1: best: 1e+308, expected a whole number");
  expect_refused(changed("\"tensor\":", "\"tensor\":9999999"), "tensor: ");
  expect_refused(changed("\"step_ns\":", "\"step_ns\":\"x\",\"y\":"), "step_ns: ");
}

TEST(PlanCommand, BadSpacesAreRefusedInOneLine) {
  const std::vector<Line> lines = {
      {extended(planned_job, {"--tp", ""}), "--tp"},
      {extended(planned_job, {"--tp", "0"}), "--tp: "},
      {extended(planned_job, {"--zero", "4"}), "--zero: "},
      {extended(planned_job, {"--pp", "2,x"}), "--pp: "},
      {extended(planned_job, {"--recompute", "some"}), "--recompute: "},
      {extended(planned_job, {"--best", "0"}), "--best: "},
      {extended(planned_job, {"--max-step", "soon"}), "--max-step: "},
      {extended(planned_job, {"--explain", "tp"}), "--explain: "},
      {extended(planned_job, {"--minimize", "pain"}), "--minimize: "},
      {{"plan", "llama3-8b", "--machine", "dgx-h100", "--npus", "0", "--global-batch", "32"}, "--npus: "},
      {{"plan", "llama3-8b", "--machine", "dgx-h100", "--npus", "12", "--global-batch", "32"}, "--npus: "},
  };
  expect_each_refused(lines);
}

const Words bought_job = {"plan",           "llama3-8b", "--npu",    "h100", "--npus", "8",
                          "--global-batch", "16",        "--budget", "200",  "--tp",   "1,2,4"};

// The machine that is bought is a file, on which `estimate` gives nearly the same: latencies there are those
// of rings, and not of the kinds' own algorithms.
TEST(PlanCommand, BuysANetworkWithTheDivision) {
  const ScratchFolder folder;
  const std::string file = (folder.path() / "bought.yaml").string();
  const nlohmann::json answer =
      json_answer(extended(bought_job, {"--best", "2", "--write-machine", file}), folder);
  ASSERT_EQ(answer["plans"].size(), 2U);
  const nlohmann::json& best = answer["plans"][0];
  EXPECT_LE(answer["gap"].get<double>(), 1e-9);
  EXPECT_LE(answer["step_time_bound_s"].get<double>(), best["step_time_s"].get<double>());
  double spent = 0.0;
  for (const double each : best["bandwidth_gb_per_s"]) spent += each;
  EXPECT_LE(spent, 200.0 * (1.0 + 1e-9));
  EXPECT_GT(answer["counts"]["points_with_algorithms"], answer["counts"]["points_of_space"]);
  std::istringstream command(answer["next_commands"][0].get<std::string>());
  Words words{std::istream_iterator<std::string>(command), {}};
  words.erase(words.begin());
  const nlohmann::json estimate = json_answer(words, folder);
  EXPECT_EQ(best["estimate_s"], estimate["step_time_s"]);
  EXPECT_NEAR(best["step_time_s"].get<double>() / estimate["step_time_s"].get<double>(), 1.0, 0.02);
}

// What the cheapest costs buys the step that was wanted, and a hundredth less does not.
TEST(PlanCommand, FindsTheCheapestNetworkThatIsFastEnough) {
  const ScratchFolder folder;
  const Words job = {"plan", "llama3-8b",      "--npu", "h100", "--npus",
                     "8",    "--global-batch", "16",    "--tp", "1,2,4"};
  const nlohmann::json cheapest =
      json_answer(extended(job, {"--minimize", "network-cost", "--max-step", "2s"}), folder);
  const double usd = cheapest["plans"][0]["cost_usd"];
  EXPECT_NEAR(cheapest["plans"][0]["step_time_s"].get<double>(), 2.0, 1e-6);
  const auto fastest = [&](double budget) {
    return json_answer(extended(job, {"--best", "1", "--budget", fmt::format("${}", budget)}),
                       folder)["plans"][0]["step_time_s"]
        .get<double>();
  };
  EXPECT_LE(fastest(usd * 1.0001), 2.0);
  EXPECT_GT(fastest(usd * 0.99), 2.0);
}

TEST(PlanCommand, ASpaceMayBuyItsNetwork) {
  const ScratchFolder folder;
  const std::string file = (folder.path() / "space.yaml").string();
  std::ofstream(file) << "bandwright: space\nmodel: llama3-8b\nnpu: h100\nnpus: 8\nglobal_batch: 16\n"
                         "budget: 200\ntp: [1, 2, 4]\nshapes: [Ring(8), Ring(2)_Ring(4)]\n"
                         "constraints: [b1 >= 150]\nbest: 1\n";
  const nlohmann::json said = json_answer({"plan", file}, folder);
  EXPECT_EQ(said["counts"]["shapes"], 2.0);
  EXPECT_GE(said["plans"][0]["bandwidth_gb_per_s"][0].get<double>(), 150.0 * (1.0 - 1e-9));
  const nlohmann::json typed = json_answer({"plan", file, "--shapes", "Ring(2)_Ring(4)"}, folder);
  EXPECT_EQ(typed["counts"]["shapes"], 1.0);
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Each kind of damage to a proof about a network that is bought is found.
TEST(PlanCommand, ProvesTheNetworkThatIsBought) {
  const ScratchFolder folder;
  const std::string file = (folder.path() / "p.jsonl").string();
  for (const std::string threads : {"p.jsonl", "q.jsonl"}) {
    static_cast<void>(json_answer(
        extended(bought_job, {"--best", "3", "--proof", (folder.path() / threads).string()}), folder));
  }
  EXPECT_EQ(lines_of(file), lines_of((folder.path() / "q.jsonl").string()));
  EXPECT_EQ(run_bandwright({"verify", file}, folder.path()).status, 0);
  const std::vector<std::string> lines = lines_of(file);
  const auto first = [&](std::string_view key) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (nlohmann::json::parse(lines[i]).contains(key)) return i;
    }
    ADD_FAILURE() << "no line with " << key;
    return std::size_t{0};
  };
  const auto rejected = [&](const std::string& what, const std::vector<std::string>& damaged) {
    const std::string other = (folder.path() / "damaged.jsonl").string();
    std::ofstream stream(other);
    for (const std::string& line : damaged) stream << line << "\n";
    stream.close();
    const Finished checked = run_bandwright({"verify", other}, folder.path());
    EXPECT_EQ(checked.status, 1) << what << "\n" << checked.out << checked.err;
    EXPECT_THAT(checked.out, HasSubstr("rejected: ")) << what;
  };
  const auto changed = [&](std::size_t at, const std::function<void(nlohmann::ordered_json&)>& change) {
    std::vector<std::string> damaged = lines;
    nlohmann::ordered_json line = nlohmann::ordered_json::parse(lines[at]);
    change(line);
    damaged[at] = line.dump();
    return damaged;
  };
  const auto without = [&](std::size_t at) {
    std::vector<std::string> damaged = lines;
    damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(at));
    return damaged;
  };
  const std::size_t pair = first("pair");
  rejected("a bound",
           changed(pair, [](auto& line) { line["bound"] = 1.001 * line["bound"].template get<double>(); }));
  rejected("a cut", changed(pair, [](auto& line) {
             line["cuts"][0][1][0] = 2.0 * line["cuts"][0][1][0].template get<double>();
           }));
  rejected("a pair", without(pair));
  std::size_t closed = lines.size() - 1;  // the last; its pairs are none of the one before
  while (!nlohmann::json::parse(lines[closed]).contains("closed")) --closed;
  rejected("a subtree", without(closed));
  rejected("an incumbent", changed(first("listed"), [](auto& line) {
             line["step_ns"] = 0.99 * line["step_ns"].template get<double>();
           }));
  rejected("the first row", without(first("listed")));
  rejected("a budget", changed(0, [](auto& line) { line["job"]["budget"] = "150"; }));
  rejected("memory", changed(0, [](auto& line) { line["max_memory_bytes"] = 40e9; }));
}

TEST(PlanCommand, RefusesHardwareThatCannotBeSearched) {
  const ScratchFolder folder;
  const auto expect = [&](const Words& more, const std::string& message) {
    expect_refused(run_bandwright(extended({"plan", "llama3-8b", "--npu", "h100"}, more), folder.path()),
                   message);
  };
  expect({"--npus", "8"}, "--budget: expected GB/s per NPU, or dollars as $15M");
  expect({"--npus", "1", "--budget", "100"}, "--npus 1: one NPU has no network to buy");
  expect({"--npus", "8", "--budget", "0"}, "--budget: '0' is not above 0");
  expect({"--npus", "8", "--budget", "100", "--shapes", "Ring(4)"}, "--shapes: Ring(4) has 4 NPUs, not 8");
  expect({"--npus", "7919", "--budget", "100", "--dimensions", "1", "--global-batch", "7919", "--shapes",
          "Ring(7919)"},
         "--shapes: Ring(7919): 7919 NPUs as a Ring of class Pod are beyond usual, or have no price");
  expect({"--npus", "8", "--budget", "100", "--constraint", "b9 <= 3"}, "b9");
  expect({"--npus", "8", "--budget", "100", "--machine", "dgx-h100"},
         "--npu: expected it or --machine, not both");
}

TEST(PlanCommand, SaysWhichLimitRemovesTheLastNetwork) {
  const ScratchFolder folder;
  const Finished slow = run_bandwright(extended(bought_job, {"--max-step", "1ms"}), folder.path());
  EXPECT_EQ(slow.status, 1);
  EXPECT_THAT(slow.out, HasSubstr("--max-step removes the last, the fastest takes"));
  const Finished large = run_bandwright(extended(bought_job, {"--max-memory", "1GiB"}), folder.path());
  EXPECT_EQ(large.status, 1);
  EXPECT_THAT(large.out, HasSubstr("memory removes the last"));
  const Finished apart =
      run_bandwright(extended(bought_job, {"--constraint", "b1 >= 300", "--dimensions", "1"}), folder.path());
  EXPECT_EQ(apart.status, 1);
  EXPECT_THAT(apart.out, HasSubstr("no bandwidths of any shape satisfy b1 >= 300"));
}

}  // namespace
}  // namespace bandwright
