// Words of a job, one by one: what each stands for, and what none can be.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "formats/load.h"
#include "study/job/bandwidths.h"
#include "study/job/job_options.h"
#include "study/job/job_step.h"
#include "study/job/training.h"
#include "study/optimize.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(BandwidthWords, HaveOnePartForEachDimension) {
  const Network network = parse_network("Ring(4)_Switch(8)");
  EXPECT_THAT(parse_bandwidths("137.5,20", network), ElementsAre(137.5, 20.0));
  EXPECT_THAT(parse_bandwidths("0.5 TB/s, 200 Gb/s", network), ElementsAre(500.0, 25.0));
  EXPECT_THAT(parse_bandwidths("0,1", network), ElementsAre(0.0, 1.0));
  const auto said = [&](const char* text) {
    return refused([&] { return parse_bandwidths(text, network); });
  };
  EXPECT_EQ(said("1"), "1 bandwidths for the 2 dimensions of Ring(4)_Switch(8)");
  EXPECT_EQ(said("1,2,3"), "3 bandwidths for the 2 dimensions of Ring(4)_Switch(8)");
  EXPECT_THAT(said("1,fast"), HasSubstr("fast"));
  EXPECT_THAT(said("1,-2"), HasSubstr("-2"));
  EXPECT_THAT(refused([] { return parse_bandwidths("1", Network{}); }), HasSubstr("one NPU has no network"));
}

TEST(BandwidthWords, GivenOnesAreAboveZero) {
  const Network network = parse_network("Ring(4)_Switch(8)");
  EXPECT_TRUE(given_bandwidths({}, network).empty());
  EXPECT_THAT(given_bandwidths({.bandwidth = "3,4"}, network), ElementsAre(3.0, 4.0));
  EXPECT_THAT(refused([&] { return given_bandwidths({.bandwidth = "3,0"}, network); }),
              HasSubstr("--bandwidth: a dimension of 0 GB/s"));
  EXPECT_TRUE(
      refused([&] { return given_bandwidths({.bandwidth = "3"}, network); }).starts_with("--bandwidth: "));
}

TEST(BandwidthWords, ABudgetIsOfBandwidthOrMoney) {
  const auto gb_per_s = [](const char* text) { return std::get<Bandwidth>(parse_budget(text)).value(); };
  const auto dollars = [](const char* text) { return std::get<Money>(parse_budget(text)).value(); };
  EXPECT_EQ(gb_per_s("325"), 325.0);
  EXPECT_EQ(gb_per_s("0.5 TB/s"), 500.0);
  EXPECT_EQ(dollars("$15M"), 15e6);
  EXPECT_EQ(dollars(" $2.5k"), 2500.0);
  EXPECT_THAT(refused([] { return parse_budget("0"); }), HasSubstr("'0' is not above 0"));
  for (const char* word : {"", "GB/s", "llama3-8b", "12 apples"}) {
    EXPECT_NE(refused([&] { return parse_budget(word); }), "") << word;
    EXPECT_FALSE(reads_as_budget(word)) << word;
  }
  for (const char* word : {"325", "0", "0.5 TB/s", "$15M", "$x", " $1"})
    EXPECT_TRUE(reads_as_budget(word)) << word;
}

// The words of every option of a division, against the member that it is.
struct MemberCase {
  const char* name;
  Job job;
  std::function<double(const Parallelism&)> member;
  double expected;
};

class DivisionMembers : public testing::TestWithParam<MemberCase> {};

TEST_P(DivisionMembers, AreWhatTheirWordsSay) {
  EXPECT_EQ(GetParam().member(read_parallelism(GetParam().job)), GetParam().expected);
}

double as_number(bool value) { return value ? 1.0 : 0.0; }

INSTANTIATE_TEST_SUITE_P(
    Numbers, DivisionMembers,
    testing::Values(
        MemberCase{"tp", {.tp = "4"}, [](const auto& p) { return p.tensor; }, 4},
        MemberCase{"cp", {.cp = "4"}, [](const auto& p) { return p.context; }, 4},
        MemberCase{"pp", {.pp = "4"}, [](const auto& p) { return p.pipeline; }, 4},
        MemberCase{"ep", {.ep = "4"}, [](const auto& p) { return p.expert; }, 4},
        MemberCase{"auto", {.ep = "auto"}, [](const auto& p) { return p.expert; }, 1},
        MemberCase{"virtual", {.virtual_stages = "4"}, [](const auto& p) { return p.virtual_stages; }, 4},
        MemberCase{"micro", {.micro_batch = "4"}, [](const auto& p) { return p.micro_batch; }, 4},
        MemberCase{"zero", {.zero = "3"}, [](const auto& p) { return p.zero; }, 3},
        MemberCase{"experts_as_tp", {.tp = "4"}, [](const auto& p) { return p.experts_tensor(); }, 4},
        MemberCase{"bucket", {.bucket = "1 GiB"}, [](const auto& p) { return p.bucket_bytes; }, 1073741824.0},
        MemberCase{"usual_bucket", {}, [](const auto& p) { return p.bucket_bytes; }, 200e6}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Flags, DivisionMembers,
    testing::Values(
        MemberCase{
            "none", {.overlap = "none"}, [](const auto& p) { return as_number(p.overlap_gradients); }, 0},
        MemberCase{"gradients",
                   {.overlap = "Gradients"},
                   [](const auto& p) { return as_number(p.overlap_gradients && !p.overlap_parameters); },
                   1},
        MemberCase{"parameters",
                   {.overlap = "parameters"},
                   [](const auto& p) { return as_number(p.overlap_parameters && !p.overlap_backward); },
                   1},
        MemberCase{"backward",
                   {.overlap = "backward"},
                   [](const auto& p) { return as_number(p.overlap_backward && !p.overlap_tensor); },
                   1},
        MemberCase{"tensor",
                   {.overlap = "tensor"},
                   [](const auto& p) { return as_number(p.overlap_tensor && !p.overlap_expert); },
                   1},
        MemberCase{"expert",
                   {.overlap = "none,expert"},
                   [](const auto& p) { return as_number(p.overlap_expert && !p.overlap_gradients); },
                   1},
        MemberCase{"sequence",
                   {.sequence_parallel = "TRUE"},
                   [](const auto& p) { return as_number(p.sequence_parallel); },
                   1}),
    [](const auto& each) { return std::string(each.param.name); });

// Several virtual stages are interleaved unless a schedule is given.
TEST(DivisionWords, TheScheduleFollowsTheChunks) {
  const auto schedule = [](const Job& job) { return read_parallelism(job).schedule; };
  EXPECT_EQ(schedule({}), PipelineSchedule::OneFOneB);
  EXPECT_EQ(schedule({.virtual_stages = "2"}), PipelineSchedule::Interleaved);
  EXPECT_EQ(schedule({.schedule = "gpipe"}), PipelineSchedule::GPipe);
  EXPECT_EQ(schedule({.virtual_stages = "2", .schedule = "1f1b"}), PipelineSchedule::OneFOneB);
}

TEST(DivisionWords, PlacementsArePermutations) {
  const auto placed = [](const char* text) { return read_parallelism({.placement = text}).placement; };
  EXPECT_THAT(placed("PP,dp,EP,cp,TP"), ElementsAre("PP", "DP", "EP", "CP", "TP"));
  for (const char* bad : {"TP", "TP,CP,EP,DP", "TP,CP,EP,DP,DP", "TP,CP,EP,DP,PP,TP", "TP,CP,EP,DP,XP"}) {
    EXPECT_EQ(refused([&] { return read_parallelism({.placement = bad}); }),
              fmt::format("--placement: '{}', expected each of TP, CP, EP, DP and PP once", bad));
  }
}

// Where a batch is left open: one micro-batch for each replica, and eight for each stage of a pipeline.
TEST(DivisionWords, TheUsualBatchFillsThePipeline) {
  const auto batch = [](Job job) {
    job.npus = "32";
    return training_job(job, load_architecture("llama3-8b"), load_machine("dgx-h100"))
        .parallelism.global_batch;
  };
  EXPECT_EQ(batch({}), 32);
  EXPECT_EQ(batch({.tp = "8"}), 4);
  EXPECT_EQ(batch({.tp = "8", .micro_batch = "2"}), 8);
  EXPECT_EQ(batch({.tp = "8", .pp = "2", .micro_batch = "2"}), 2 * 2 * 8 * 2);
  EXPECT_EQ(batch({.global_batch = "96"}), 96);
}

TEST(DivisionWords, SequencesAndPredictionsChangeTheModel) {
  const auto model = [](Job job) {
    job.npus = "8";
    return training_job(job, load_architecture("llama3-8b"), load_machine("dgx-h100")).model;
  };
  EXPECT_EQ(model({}).sequence, 8192);
  EXPECT_EQ(model({.sequence = "2048"}).sequence, 2048);
  EXPECT_EQ(model({.predict_more = "2"}).layers, 34);
  EXPECT_EQ(model({.predict_more = "2"}).predicted, 3);
}

// Models that are written out have commas of their own.
TEST(GroupWords, CommasInsideOfAModelAreItsOwn) {
  const auto names = [](const std::string& models) {
    std::vector<std::string> words;
    for (const Job& job : members_of({.model = models, .npus = "8"})) {
      EXPECT_EQ(job.npus, "8");
      words.push_back(job.model);
    }
    return words;
  };
  EXPECT_THAT(names("a"), ElementsAre("a"));
  EXPECT_THAT(names("a, b,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names("{x: 1, y: {z: 2, w: 3}},b"), ElementsAre("{x: 1, y: {z: 2, w: 3}}", "b"));
  EXPECT_THAT(names("{x: [1, 2]}, {y: 3}"), ElementsAre("{x: [1, 2]}", "{y: 3}"));
  EXPECT_THAT(names("{x: \"}, {\"},b"), ElementsAre("{x: \"}, {\"}", "b"));
}

// A budget divided equally, optimally, or bandwidths as they are given, in the library's unit.
TEST(BandwidthsOfAStep, AreGivenOrDividedOrTheMachines) {
  const auto of = [](const Job& job) {
    JobStep step = step_of(job);
    return bandwidth_of(job, step);
  };
  Job job{.model = "17B", .network = "Ring(4)_Switch(8)", .budget = "100", .allocation = "equal"};
  EXPECT_THAT(of(job), ElementsAre(50.0, 50.0));
  job.allocation.clear();
  const std::vector<double> best = of(job);
  EXPECT_NEAR(best[0] + best[1], 100.0, 1e-6);
  job.bandwidth = "30,40";
  EXPECT_THAT(of(job), ElementsAre(30.0, 40.0));
  const Machine machine = load_machine("dgx-a100");
  const Job own{.model = "resnet-50", .machine = "dgx-a100", .npus = "64"};
  EXPECT_EQ(of(own), machine.gb_per_s(machine.network(64)));
  const auto said = [&](const Job& each) { return refused([&] { return of(each); }); };
  EXPECT_THAT(said({.model = "17B", .network = "2D"}), HasSubstr("missing budget"));
  EXPECT_THAT(said({.model = "17B", .network = "2D", .budget = "0"}), HasSubstr("'0' is not above 0"));
  EXPECT_THAT(said({.model = "17B", .network = "2D", .budget = "10", .allocation = "fair"}),
              HasSubstr("--allocation: "));
  Job allocated = own;
  allocated.allocation = "equal";
  EXPECT_THAT(said(allocated), HasSubstr("--allocation needs a budget"));
}

// A collective on a network, with the library's chunks unless others are given.
TEST(StepsOfAJob, ACollectiveNeedsASize) {
  const JobStep step =
      step_of({.collective = "all-reduce", .size = "1 MiB", .network = "Switch(8)", .chunks = "5"});
  EXPECT_TRUE(step.lone_collective);
  EXPECT_EQ(step.library.chunks, 5);
  ASSERT_EQ(step.graph.collectives.size(), 1U);
  EXPECT_EQ(step.graph.collectives[0].collective.bytes, Bytes(1 << 20));
  const auto said = [](const Job& job) { return refused([&] { return step_of(job); }); };
  EXPECT_THAT(said({.collective = "all-reduce", .network = "Switch(8)"}),
              HasSubstr("--collective needs --size"));
  EXPECT_TRUE(
      said({.collective = "hug", .size = "1 MB", .network = "Switch(8)"}).starts_with("--collective: "));
  EXPECT_TRUE(
      said({.collective = "all-reduce", .size = "1 apple", .network = "Switch(8)"}).starts_with("--size: "));
  EXPECT_TRUE(said({.collective = "all-reduce", .size = "1 MB", .network = "Switch(8)", .chunks = "0"})
                  .starts_with("--chunks: "));
  EXPECT_TRUE(said({.collective = "all-reduce", .size = "1 MB", .network = "Switch(8)", .scheduler = "fair"})
                  .starts_with("--scheduler: "));
  EXPECT_EQ(said({.collective = "all-reduce", .size = "1 MB"}), "missing network");
}

TEST(StepsOfAJob, ClassesAreThoseOfEachDimension) {
  const Network network = network_of({.network = "Ring(4)_Switch(8)", .classes = "Tile,Node"});
  EXPECT_EQ(network.dimensions[0].price_class, "Tile");
  EXPECT_EQ(network.dimensions[1].price_class, "Node");
  EXPECT_THAT(refused([] { return network_of({.network = "Ring(4)_Switch(8)", .classes = "Tile,"}); }),
              HasSubstr("--classes: an empty class in 'Tile,'"));
  EXPECT_NE(refused([] { return network_of({.network = "Ring(4)_Switch(8)", .classes = "Tile"}); }), "");
}

TEST(StepsOfAJob, ANearNameOfAMachineIsToldApart) {
  const auto said = [](const char* network) {
    return refused([&] { return step_of({.model = "17B", .network = network, .budget = "100"}); });
  };
  EXPECT_THAT(said("dgx-h100"), HasSubstr("dgx-h100 is a machine: it needs the number of its NPUs"));
  EXPECT_THAT(said("dgx-h10"), HasSubstr("did you mean the machine '"));
}

}  // namespace
}  // namespace bandwright
