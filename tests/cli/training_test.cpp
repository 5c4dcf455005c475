// Real models on machines from the command line: estimate, simulate and optimize take the same words and give
// the same step, and refuse what cannot be run in one line with the nearest choices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/cli/program.h"
#include "tests/cli/refusal.h"

namespace bandwright {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const Words gpt3 = {"--npus", "512", "--tp", "8", "--pp", "8", "--micro-batch", "1", "--global-batch", "512"};

TEST(RealModels, EstimateAndBothEnginesAgree) {
  const ScratchFolder folder;
  const json estimate =
      json_answer(extended({"estimate", "gpt3-175b", "--machine", "dgx-a100"}, gpt3), folder);
  const double step_us = 1e6 * estimate.at("step_time_s").get<double>();
  for (const char* engine : {"closed", "event"}) {
    Words line = extended({"simulate", "dgx-a100", "--model", "gpt3-175b", "--engine", engine}, gpt3);
    if (engine == std::string_view("event")) line = extended(line, {"--chunks", "1"});
    const json step = json_answer(line, folder);
    EXPECT_NEAR(1e6 * step.at("step_time_s").get<double>(), step_us, 1e-5 * step_us) << engine;
    EXPECT_NEAR(step.at("tokens_per_s").get<double>(), estimate.at("tokens_per_s").get<double>(),
                1e-5 * estimate.at("tokens_per_s").get<double>());
    EXPECT_EQ(step.at("division"), estimate.at("division"));
    EXPECT_GT(step.at("bubble_s").get<double>(), 0.0);
  }
}

TEST(RealModels, TakeTheSameWordsEverywhere) {
  const ScratchFolder folder;
  const json one = json_answer(extended({"estimate", "gpt3-175b", "--machine", "dgx-a100"}, gpt3), folder);
  const json other = json_answer(extended({"estimate", "dgx-a100", "--model", "gpt3-175b"}, gpt3), folder);
  EXPECT_EQ(one, other);
  EXPECT_EQ(one, json_answer(extended({"estimate", "dgx-a100", "gpt3-175b"}, gpt3), folder));
  EXPECT_EQ(one, json_answer(extended({"estimate", "gpt3-175b", "dgx-a100"}, gpt3), folder));
  const Words plan = {"plan", "--npus", "8", "--global-batch", "8"};
  EXPECT_EQ(json_answer(extended(plan, {"llama3-8b", "dgx-h100"}), folder),
            json_answer(extended(plan, {"dgx-h100", "llama3-8b"}), folder));
  const auto step_of = [&](const Words& line) {
    return json_answer(extended(extended(line, {"--engine", "closed"}), gpt3), folder).at("step_time_s");
  };
  EXPECT_EQ(step_of({"simulate", "dgx-a100", "gpt3-175b"}),
            step_of({"simulate", "--machine", "dgx-a100", "--model", "gpt3-175b"}));
  EXPECT_EQ(step_of({"simulate", "gpt3-175b", "dgx-a100"}), step_of({"simulate", "dgx-a100", "gpt3-175b"}));
  // A budget of what the machine has, divided as it is.
  EXPECT_EQ(step_of({"simulate", "dgx-a100", "gpt3-175b"}),
            step_of({"simulate", "dgx-a100", "gpt3-175b", "--bandwidth", "300,25"}));
  EXPECT_LE(step_of({"simulate", "dgx-a100", "325", "gpt3-175b"}),
            step_of({"simulate", "dgx-a100", "gpt3-175b"}));
  const auto optimum_of = [&](const Words& line) {
    return json_answer(extended(extended(line, {"--budget", "325", "Perf"}), gpt3), folder)
        .at("bandwidth_gb_per_s");
  };
  EXPECT_EQ(optimum_of({"optimize", "dgx-a100", "--model", "gpt3-175b"}),
            optimum_of({"optimize", "--machine", "dgx-a100", "--model", "gpt3-175b"}));
}

TEST(RealModels, MachinesAreWordsWhereverAJobHasOne) {
  const ScratchFolder folder;
  const auto same = [&](const Words& command, const Words& one, const Words& other) {
    EXPECT_EQ(json_answer(extended(command, one), folder), json_answer(extended(command, other), folder))
        << command.front();
  };
  const Words place = {"place", "--tp", "8", "--tiers", "hbm-ddr", "--policy", "first-touch"};
  same(place, {"llama3-8b", "dgx-h100"}, {"dgx-h100", "llama3-8b"});
  same(place, {"llama3-8b", "dgx-h100"}, {"dgx-h100", "--model", "llama3-8b"});
  same(place, {"llama3-8b", "dgx-h100"}, {"llama3-8b", "--machine", "dgx-h100"});
  const Words curve = {"scale", "simulate", "--workers", "1..4"};
  same(curve, {"cosmogan", "edison"}, {"edison", "cosmogan"});
  same(curve, {"cosmogan", "edison"}, {"--machine", "edison", "--model", "cosmogan"});
  const Words cost = {"cost", "--npus", "64"};
  same(cost, {"dgx-h100"}, {"--machine", "dgx-h100"});
  same(cost, {"dgx-h100", "500"}, {"--machine", "dgx-h100", "--budget", "500"});
  EXPECT_EQ(json_answer(extended(cost, {"dgx-h100", "500"}), folder).at("bill"),
            json_answer(extended(cost, {"dgx-h100", "--bandwidth", "250,250"}), folder).at("bill"));
}

TEST(RealModels, TimelineIsATraceOfTheStep) {
  const ScratchFolder folder;
  const Words small = {"--npus", "16", "--tp", "2", "--pp", "4", "--global-batch", "16"};
  const double step_us =
      1e6 * json_answer(extended({"estimate", "gpt-1.7b", "--timeline", "closed.json"}, small), folder)
                .at("step_time_s")
                .get<double>();
  json_answer(extended({"simulate", "dgx-a100", "gpt-1.7b", "--timeline", "event.json"}, small), folder);
  for (const char* file : {"closed.json", "event.json"}) {
    const json trace = json::parse(std::ifstream(folder.path() / file), nullptr, false);
    ASSERT_TRUE(trace.is_object()) << file;
    double end = 0.0;
    for (const json& event : trace.at("traceEvents")) {
      if (event.at("ph") == "X")
        end = std::max(end, event.at("ts").get<double>() + event.at("dur").get<double>());
    }
    EXPECT_NEAR(end, step_us, 1e-3 * step_us) << file;
  }
}

// Spans that overlap on one track cannot be drawn, and the bubble is no compute.
TEST(RealModels, TimelinesHaveATrackOfTheBubbleAndNoOverlaps) {
  const ScratchFolder folder;
  const Words job = {"--npus", "64", "--tp", "2", "--pp", "8", "--global-batch", "32"};
  json_answer(extended({"estimate", "gpt-1.7b", "--timeline", "closed.json"}, job), folder);
  json_answer(extended({"simulate", "dgx-a100", "gpt-1.7b", "--timeline", "event.json"}, job), folder);
  for (const char* file : {"closed.json", "event.json"}) {
    const json trace = json::parse(std::ifstream(folder.path() / file), nullptr, false);
    std::map<int, std::string> processes;
    std::map<std::pair<int, int>, std::vector<std::pair<double, double>>> tracks;
    std::set<std::string> of_bubbles;
    for (const json& event : trace.at("traceEvents")) {
      const int process = event.at("pid");
      if (event.at("name") == "process_name") processes[process] = event.at("args").at("name");
      if (event.at("ph") != "X") continue;
      if (processes[process] == "network") continue;  // where chunks nest
      const double start = event.at("ts");
      tracks[{process, event.at("tid")}].emplace_back(start, start + event.at("dur").get<double>());
      const bool bubble = event.at("name").get<std::string>().find("bubble") != std::string::npos;
      if (bubble) of_bubbles.insert(processes[process]);
    }
    EXPECT_THAT(of_bubbles, testing::ElementsAre("pipeline bubble")) << file;
    for (auto& [track, spans] : tracks) {
      std::sort(spans.begin(), spans.end());
      for (std::size_t i = 1; i < spans.size(); ++i) {
        ASSERT_GE(spans[i].first, spans[i - 1].second - 1e-6) << file << ' ' << processes[track.first];
      }
    }
  }
}

TEST(RealModels, AUsersOwnModelAndMachineAreRead) {
  const ScratchFolder folder;
  folder.write("mine.yaml",
               "name: mine\nlayers: 4\nhidden: 1024\nheads: 16\nffn: 4096\nsequence: 512\n"
               "vocabulary: 32000\n");
  folder.write("config.json", R"({"num_hidden_layers": 4, "hidden_size": 1024, "num_attention_heads": 16,
      "intermediate_size": 4096, "max_position_embeddings": 512, "vocab_size": 32000})");
  const json own = json_answer({"estimate", "mine.yaml", "--npus", "8"}, folder);
  EXPECT_EQ(own.at("step_time_s"),
            json_answer({"estimate", "config.json", "--npus", "8"}, folder).at("step_time_s"));
  EXPECT_EQ(own.at("fits"), true);
  // A file that says that it is a machine may stand first, too.
  folder.write("box.yaml",
               "bandwright: machine\nname: box\nnpu: a100-sxm-80gb\ndimensions: [{kind: Switch, npus: 8, "
               "class: Package, bandwidth: 300 GB/s, fabric: nvlink-3}]\n");
  EXPECT_EQ(json_answer({"estimate", "box.yaml", "mine.yaml", "--npus", "8"}, folder),
            json_answer({"estimate", "mine.yaml", "box.yaml", "--npus", "8"}, folder));
}

// A division of bandwidth for a job that cannot run would be worth nothing: everyone says whether it fits.
TEST(RealModels, EveryCommandSaysWhetherTheJobFits) {
  const ScratchFolder folder;
  const Words fitting = extended(gpt3, {"--sequence-parallel"});
  for (const Words& job : {gpt3, fitting}) {
    const json estimate =
        json_answer(extended({"estimate", "gpt3-175b", "--machine", "dgx-a100"}, job), folder);
    EXPECT_EQ(estimate.at("fits"), job == fitting);
    for (const Words& other : {Words{"simulate", "dgx-a100", "gpt3-175b", "--engine", "closed"},
                               Words{"optimize", "dgx-a100", "325", "gpt3-175b", "Perf"}}) {
      const json said = json_answer(extended(other, job), folder);
      for (const char* key : {"fits", "memory_bytes", "memory_capacity_bytes", "would_fit_with"}) {
        EXPECT_EQ(said.at(key), estimate.at(key)) << other[0] << ' ' << key;
      }
      EXPECT_THAT(run_bandwright(extended(other, job), folder.path()).out,
                  HasSubstr(job == fitting ? " of 80 GiB\n" : "\ndoes NOT fit: "));
    }
  }
}

// What estimate says would make a job fit does.
TEST(RealModels, TheRemedyMakesAJobFit) {
  const ScratchFolder folder;
  const std::array<Words, 4> jobs = {Words{"gpt3-175b", "--npus", "512", "--tp", "8", "--pp", "8"},
                                     Words{"gpt-7.5b", "--npus", "64"}, Words{"llama3-70b", "--npus", "16"},
                                     Words{"gpt3-175b", "--npus", "8"}};
  for (const Words& job : jobs) {
    const json before = json_answer(extended({"estimate"}, job), folder);
    ASSERT_EQ(before.at("fits"), false) << job[0];
    ASSERT_TRUE(before.at("would_fit_with").is_string()) << job[0];
    std::istringstream remedy(before.at("would_fit_with").get<std::string>());
    const Words settings{std::istream_iterator<std::string>(remedy), {}};
    Words line = {"estimate", job[0]};
    for (std::size_t i = 1; i < job.size(); i += 2) {  // a setting replaces the job's own
      if (std::find(settings.begin(), settings.end(), job[i]) == settings.end()) {
        line.insert(line.end(), {job[i], job[i + 1]});
      }
    }
    EXPECT_EQ(json_answer(extended(line, settings), folder).at("fits"), true)
        << testing::PrintToString(settings);
  }
}

// What an estimate is not checked against is said beside it, and which stages are uneven.
TEST(RealModels, UncheckedEstimatesSaySo) {
  const ScratchFolder folder;
  const auto notes = [&](const Words& job) {
    return json_answer(extended({"estimate"}, job), folder).at("notes");
  };
  EXPECT_TRUE(notes({"gpt3-175b", "--npus", "512", "--tp", "8", "--pp", "8"}).empty());
  const json uneven =
      notes({"deepseek-v3", "--machine", "dgx-h100", "--npus", "2048", "--pp", "16", "--ep", "64"});
  ASSERT_EQ(uneven.size(), 2);
  EXPECT_EQ(uneven[0], "stages are uneven: the slowest has 4 of the 61 layers, and decides");
  EXPECT_TRUE(uneven[1].get<std::string>().starts_with("mixture of experts: every expert"));
  EXPECT_TRUE(notes({"gpt3-175b", "--machine", "tpu-v4", "--npus", "64", "--tp", "4"}).empty());
  EXPECT_EQ(notes({"gpt3-175b", "--machine", "trn2", "--npus", "64", "--tp", "4"}).size(), 2);  // NPU, links
  EXPECT_EQ(notes({"gpt-1.7b", "--machine", "dgx-v100", "--npus", "8", "--precision", "fp16"}).size(), 1);
}

TEST(RealModels, ImpossibleCombinationsGetTheNearestChoices) {
  const Words dense = {"estimate", "gpt3-175b", "--machine", "dgx-a100"};  // 96 layers, 96 heads
  const Words experts = {"estimate", "mixtral-8x7b", "--machine", "dgx-h100", "--npus", "64"};
  expect_each_refused(std::array{
      Line{extended(dense, {"--npus", "512", "--tp", "128"}), "heads, 96 (nearest that do: 32, 48, 96)"},
      Line{extended(dense, {"--npus", "512", "--pp", "128"}), "output layer of GPT-3 175B (at most 98)"},
      Line{extended(dense, {"--npus", "500", "--tp", "8"}), "(nearest NPU counts: 496, 504)"},
      Line{extended(dense, {"--npus", "513"}), "(nearest counts that do: 512, 520)"},
      Line{extended(dense, {"--npus", "48", "--tp", "3"}), "3"},
      Line{extended(dense, {"--npus", "64", "--global-batch", "100"}), "(nearest that do: 64, 128)"},
      Line{extended(dense, {"--npus", "64", "--global-batch", "0"}), "--global-batch: '0'"},
      Line{extended(dense, {"--npus", "64", "--micro-batch", "3", "--global-batch", "64"}),
           "(nearest that do: 192)"},
      Line{extended(dense, {"--npus", "64", "--pp", "8", "--virtual-stages", "13"}),
           "(at most 98 in all: --pp 7, or --virtual-stages 12)"},
      Line{extended(dense, {"--npus", "64", "--virtual-stages", "2"}), "without a pipeline"},
      Line{extended(dense, {"--npus", "64", "--pp", "8", "--virtual-stages", "2", "--schedule", "gpipe"}),
           "need the interleaved schedule, not gpipe"},
      Line{extended(dense, {"--npus", "64", "--pp", "8", "--virtual-stages", "3", "--global-batch", "72"}),
           "(nearest global batches that do: 64, 128)"},
      Line{extended(dense, {"--npus", "64", "--pp", "8", "--zero", "3"}), "use --zero 1, or --pp 1"},
      Line{extended(dense, {"--npus", "64", "--zero", "4"}), "whole number from 0 to 3"},
      Line{extended(dense, {"--npus", "60", "--cp", "5"}), "(nearest that do: 2, 4, 8)"},
      Line{extended(dense, {"--npus", "64", "--ep", "8"}), "which has no experts (use --ep 1)"},
      Line{extended(dense, {"--npus", "64", "--precision", "fp8"}), "no fp8 matrix units"},
      Line{extended(dense, {"--npus", "64", "--placement", "TP,TP"}), "each of TP, CP, EP, DP and PP once"},
      Line{extended(dense, {"--npus", "64", "--overlap", "all"}),
           "choices: gradients, parameters, backward, tensor"},
      Line{extended(experts, {"--ep", "3"}), "experts 8 (nearest that do: 1, 2, 4)"},
      Line{extended(experts, {"--ep", "8", "--tp", "8", "--pp", "4"}), "ranks, 2 (nearest that do: 1, 2)"},
      Line{{"simulate", "dgx-a100", "dlrm", "--npus", "8", "--tp", "2"}, "--tp is for transformers"},
      Line{{"optimize", "dgx-a100", "325", "gpt-1.7b", "Perf", "Overlap", "--npus", "8"}, "see --overlap"},
      Line{{"simulate", "dgx-a100", "--npus", "64"}, "missing arguments: bandwright simulate <machine>"},
      Line{{"simulate", "dgx-a100", "gpt-1.7b", "--npus", "64", "--tables", "fused"},
           "--tables is for layer tables; gpt-1.7b is a transformer"},
      Line{{"simulate", "dgx-a100", "gpt-1.7b", "Overlap", "--npus", "64"}, "see --overlap"},
      Line{{"estimate", "dgx-a100", "resnet-50", "--loop", "Overlap", "--npus", "64"},
           "resnet-50 is a network on images"},
      Line{{"simulate", "dgx-a100", "gpt-1.7b", "--npus", "64", "--bandwidth", "0,5"}, "0 GB/s"},
      Line{{"simulate", "dgx-a100", "gpt-1.7b", "--npus", "8", "--collective", "all-reduce"}, "one or the"},
  });
}

}  // namespace
}  // namespace bandwright
