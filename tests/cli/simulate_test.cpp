// What `simulate` plays on: transports, faults, every NPU and every round.
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "tests/cli/refusal.h"

namespace bandwright {
namespace {

// Traces of 17B on eight NPUs, a ring of them, and a system with an NPU at half speed and a failed link.
class Traces : public testing::Test {
 protected:
  void SetUp() override {
    const Finished exported =
        run_bandwright({"export", "17B", "--npus", "8", "--format", "chakra", "-o", "traces"}, folder.path());
    ASSERT_EQ(exported.status, 0) << exported.err;
    folder.write("ring.yml",
                 "topology: [ Ring ]\nnpus_count: [ 8 ]\nbandwidth: [ 50.0 ]\nlatency: [ 500.0 ]\n");
    folder.write("even.yaml", "chunks: 4\n");
    folder.write("slow.yaml", "chunks: 4\nnpus: [{first: 3, compute_time: 2, port_speed: 0.5}]\n");
    folder.write("faults.yaml",
                 "chunks: 4\nnetwork_model: links\nnpus: [{first: 3, compute_time: 2, port_speed: "
                 "0.5}]\nlinks: [{from: 0, to: 1, "
                 "speed: 0}]\n");
    folder.write("failed.yaml", "chunks: 4\nlinks: [{from: 0, to: 1, speed: 0}]\n");
    folder.write("flows.yaml", "chunks: 4\nnetwork_model: flows\nlinks: [{from: 0, to: 1, speed: 0}]\n");
  }

  [[nodiscard]] nlohmann::json answer(const Words& more) const {
    return json_answer(
        extended({"simulate", "--workload", "traces", "--network", "ring.yml", "--npu-fidelity", "full"},
                 more),
        folder);
  }

  ScratchFolder folder;
};

double step_s(const nlohmann::json& answer) { return answer.at("step_time_s"); }

TEST_F(Traces, RunAsFlowsWithASlowNpuAndAFailedLink) {
  const nlohmann::json even = answer({"--library", "even.yaml"});
  EXPECT_EQ(even.at("transport"), "ports");
  const nlohmann::json links = answer({"--library", "even.yaml", "--transport", "links"});
  EXPECT_EQ(links.at("transport"), "flows");  // another word for it
  // A ring of neighbours shares no link; messages are rounded up to a picosecond.
  EXPECT_NEAR(step_s(links) / step_s(even), 1.0, 1e-6);
  const nlohmann::json slow = answer({"--library", "slow.yaml"});
  EXPECT_EQ(slow.at("transport"), "ports");
  EXPECT_GT(step_s(slow), step_s(even));
  const nlohmann::json faults = answer({"--library", "faults.yaml"});
  EXPECT_EQ(faults.at("transport"), "flows");
  EXPECT_GE(step_s(faults), step_s(slow));
}

// A library whose links differ says which; what messages share is said there or by the option.
TEST_F(Traces, LinksThatDifferTakeTheTransportOfTheOption) {
  const nlohmann::json option = answer({"--library", "failed.yaml", "--transport", "flows"});
  const nlohmann::json own = answer({"--library", "flows.yaml"});
  EXPECT_EQ(step_s(option), step_s(own));
  EXPECT_GT(step_s(option), step_s(answer({"--library", "even.yaml", "--transport", "flows"})));
  expect_refused(run_bandwright({"simulate", "--workload", "traces", "--network", "ring.yml", "--library",
                                 "failed.yaml"},
                                folder.path()),
                 "no part of ports, which know no links (--transport flows");
}

TEST_F(Traces, PortsKnowNoLinks) {
  expect_refused(run_bandwright({"simulate", "--workload", "traces", "--network", "ring.yml", "--library",
                                 "faults.yaml", "--transport", "ports"},
                                folder.path()),
                 "ports, which know no links");
}

// A real model as flows; and what repeats is leapt over, with the same answer but for the events' time.
TEST(Simulate, ARealModelAsFlowsAndWithEveryRound) {
  const ScratchFolder folder;
  const Words job = {"simulate", "dgx-a100", "gpt-1.7b", "--npus",         "16", "--tp",
                     "8",        "--pp",     "2",        "--global-batch", "128"};
  const nlohmann::json leapt = json_answer(job, folder);
  const nlohmann::json played = json_answer(extended(job, {"--no-leap"}), folder);
  for (const char* key : {"step_time_s", "compute_time_s", "exposed_communication_s", "events"}) {
    EXPECT_EQ(leapt.at(key), played.at(key)) << key;
  }
  EXPECT_EQ(leapt.at("critical_parts"), played.at("critical_parts"));
  const Words small = {"simulate", "dgx-a100", "gpt-1.7b",       "--npus", "16",
                       "--tp",     "8",        "--global-batch", "8"};
  const nlohmann::json links = json_answer(extended(small, {"--transport", "links"}), folder);
  EXPECT_EQ(links.at("transport"), "flows");
  EXPECT_EQ(links.at("npu_fidelity"), "full");
  EXPECT_GE(step_s(links), step_s(json_answer(small, folder)));
}

// Phases of a collective over shared links are played once or each time, with the same times.
TEST(Simulate, PhasesThatMeetNothingTakeAsLongWhenAllArePlayed) {
  const ScratchFolder folder;
  const Words phases = {"simulate", "LeafSpine(4x8, bandwidth 50)", "--collective", "all-reduce", "--size",
                        "64 MiB"};
  EXPECT_EQ(step_s(json_answer(extended(phases, {"--no-leap"}), folder)),
            step_s(json_answer(phases, folder)));
}

TEST(Simulate, WhatALibrarysLinksDoNotAllowIsSaidWithItsFile) {
  const ScratchFolder folder;
  const auto refused = [&](const std::string& links) {
    folder.write("lib.yaml", "network_model: flows\nlinks: [" + links + "]\n");
    return run_bandwright({"simulate", "Switch(4)", "100", "--collective", "all-reduce", "--size", "1MB",
                           "--library", "lib.yaml"},
                          folder.path());
  };
  expect_refused(refused("{from: 0, to: 1, speed: 0}"),
                 "lib.yaml: links: failed links disconnect positions 0 and 1 of a Switch dimension");
  expect_refused(refused("{from: 2, to: 4, speed: 0}"), "lib.yaml: links: NPUs 2 and 4 share no dimension");
}

TEST(Simulate, WhatTheMachineCannotHoldIsRefusedAtOnce) {
  const std::array lines = {
      Line{{"simulate", "Ring(16777216)", "--bandwidth", "50", "--collective", "all-reduce", "--size", "1GiB",
            "--npu-fidelity", "full"},
           "more than a day"},
      Line{{"simulate", "4D", "300", "17B", "--no-leap"}, "--no-leap needs --npus or --transport"},
      Line{{"simulate", "4D", "300", "17B", "--engine", "closed", "--transport", "links"},
           "--transport is for the event-driven engine"},
      Line{{"simulate", "4D", "300", "17B", "--transport", "lnks"}, "links"},
      Line{{"simulate", "4D", "300", "17B", "--transport", "links", "--npu-fidelity", "folded"},
           "only ports are shared"}};
  expect_each_refused(lines);
}

}  // namespace
}  // namespace bandwright
