// Questions about jobs: one description, the same answer from every side.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "core/io/paths.h"
#include "study/cost.h"
#include "study/estimate.h"
#include "study/job/training.h"
#include "study/network.h"
#include "study/optimize.h"
#include "study/outcome.h"
#include "study/place.h"
#include "study/scaling/curve.h"
#include "study/simulate.h"

namespace bandwright {
namespace {

template <class Action>
std::string problem(Action action) {
  return outcome_of([&] { return action(), true; }).reason;
}

const std::vector<Job>& machine_jobs() {
  static const std::vector<Job> jobs = {
      {.model = "llama3-8b", .machine = "dgx-h100", .npus = "16", .tp = "2"},
      {.model = "llama3-70b", .machine = "dgx-h100", .npus = "64", .tp = "8", .pp = "4", .zero = "1"},
      {.model = "gpt3-175b",
       .machine = "dgx-a100",
       .npus = "512",
       .tp = "8",
       .pp = "8",
       .global_batch = "512"},
      {.model = "mixtral-8x7b", .machine = "dgx-h100", .npus = "64", .tp = "2", .pp = "4", .ep = "8"},
      {.model = "resnet-50", .machine = "dgx-a100", .npus = "64"},
      {.model = "175B", .machine = "dgx-a100", .npus = "256"}};
  return jobs;
}

TEST(Workloads, EveryModelThatComesWithTheProgramHasOneLoader) {
  for (const auto& [folder, prefer, kind] :
       {std::tuple("models/images", Prefer::Models, "a network on images"),
        std::tuple("models/transformers", Prefer::Models, "a transformer"),
        std::tuple("models/tables", Prefer::Tables, "a layer table")}) {
    for (const std::string& name : input_names(folder)) {
      EXPECT_EQ(kind_of(load_workload(name, prefer)), kind) << name;
      EXPECT_EQ(workload_file(name, prefer), *find_input(folder, name)) << name;
    }
  }
}

TEST(Workloads, AnUnknownNameHearsTheNearestAndWhereAllAre) {
  const std::string said = problem([] { load_workload("lama3-70b"); });
  EXPECT_NE(said.find("did you mean 'llama3-70b'"), std::string::npos) << said;
  EXPECT_NE(said.find("bandwright list shows all"), std::string::npos) << said;
  EXPECT_LT(said.size(), 250U);
}

// What `estimate` takes a step to be is what the closed form of `simulate` plays, for every kind of model.
TEST(Questions, EstimateAndClosedFormAgree) {
  for (const Job& job : machine_jobs()) {
    const EstimateFacts facts = facts_of(estimate(job));
    const SimulationAnswer played = simulate(job, {.closed_form = true});
    // The result's times are whole picoseconds.
    EXPECT_NEAR(to_ns(played.result.step_time), facts.step_ns, 1e-3) << job.model;
  }
}

TEST(Questions, AnEstimateIsThatOfTheTrainingJobItsWordsStandFor) {
  const Job job = machine_jobs()[1];
  TrainingJob training{load_architecture("llama3-70b"), load_machine("dgx-h100"), {}};
  Parallelism& p = training.parallelism;
  p.tensor = 8;
  p.pipeline = 4;
  p.data = 2;  // 64 / (8 x 4)
  p.zero = 1;
  p.global_batch = 2 * 8 * 4;  // 8 micro-batches of one sequence per stage on each of two replicas
  EXPECT_EQ(facts_of(estimate(job)).step_ns, estimate(training).step_ns);
}

TEST(Questions, ABudgetOfTheMachinesOwnBandwidthsChangesNothing) {
  Job job = machine_jobs()[2];
  const SimulationAnswer own = simulate(job, {.closed_form = true});
  job.bandwidth = fmt::format("{}", fmt::join(own.bandwidth, ","));
  EXPECT_EQ(simulate(job, {.closed_form = true}).result.step_time, own.result.step_time);
  EXPECT_EQ(facts_of(estimate(job)).step_ns, facts_of(estimate(machine_jobs()[2])).step_ns);
}

TEST(Questions, AnyModelOnAMachineCanBeOptimised) {
  for (Job job : machine_jobs()) {
    const OptimizeQuestion question{.jobs = {job}, .budget = Bandwidth(500.0)};
    const DesignAnswer answer = optimize(question);
    ASSERT_EQ(answer.summary.solution.status, Status::Optimal) << job.model;
    // The optimum, played with its bandwidths, takes what the answer says; and no equal split is faster.
    job.bandwidth = fmt::format("{}", fmt::join(answer.summary.optimum.gb_per_s, ","));
    const SimulationAnswer played = simulate(job, {.closed_form = true});
    EXPECT_NEAR(to_ns(played.result.step_time), answer.summary.optimum.step_ns[0], 1e-2) << job.model;
    EXPECT_LE(answer.summary.optimum.step_ns[0], answer.summary.equal.step_ns[0] * (1 + 1e-9)) << job.model;
  }
}

TEST(Groups, AGroupsTimeIsTheSumOfItsModelsAndItsBoundHolds) {
  const Job both{.model = "llama3-70b,gpt3-175b", .machine = "dgx-h100", .npus = "512", .tp = "8", .pp = "4"};
  const std::vector<Job> members = members_of(both);
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[1].model, "gpt3-175b");
  const DesignAnswer group = optimize(OptimizeQuestion{.jobs = members, .budget = Bandwidth(500.0)});
  ASSERT_EQ(group.summary.optimum.step_ns.size(), 2u);
  EXPECT_EQ(group.memory.size(), 2u);
  double apart = 0.0;
  for (const Job& job : members) {
    apart += optimize(OptimizeQuestion{.jobs = {job}, .budget = Bandwidth(500.0)}).summary.optimum.step_ns[0];
  }
  const double together = group.summary.optimum.step_ns[0] + group.summary.optimum.step_ns[1];
  EXPECT_GE(together, apart * (1 - 1e-9));  // one division for both is no better than one for each
  EXPECT_LE(group.summary.solution.lower_bound, together * (1 + 1e-9));
  EXPECT_NEAR(group.summary.solution.lower_bound / together, 1.0, 1e-6);
}

TEST(Groups, AGroupOfAModelAndATableOnOneMachine) {
  std::vector<Job> members = {machine_jobs()[2], machine_jobs()[5]};
  members[0].npus = members[1].npus = "256";
  members[0].global_batch.clear();
  const DesignAnswer group = optimize(OptimizeQuestion{.jobs = members, .budget = Bandwidth(300.0)});
  EXPECT_EQ(group.summary.solution.status, Status::Optimal);
  EXPECT_EQ(group.memory.size(), 1u);  // a layer table says nothing of memory
}

TEST(Questions, AModelWithoutAMachineIsToldWhatItNeeds) {
  const std::string model = problem(
      [] { simulate(Job{.model = "gpt3-175b", .network = "4D", .budget = "325"}, SimulationOptions{}); });
  EXPECT_NE(model.find("gpt3-175b is a transformer: it needs a machine"), std::string::npos) << model;
  const std::string machine = problem(
      [] { simulate(Job{.model = "175B", .network = "dgx-h100", .budget = "325"}, SimulationOptions{}); });
  EXPECT_NE(machine.find("dgx-h100 is a machine: it needs the number of its NPUs"), std::string::npos)
      << machine;
}

// A layer table is trained on a machine as on a network: its loop, its tables, what runs again, its scale.
TEST(Questions, TablesOnMachinesAreTrainedAsTheJobSays) {
  const auto step = [](auto change) {
    Job job{.model = "175B", .machine = "dgx-h100", .npus = "256"};
    change(job);
    const StepResult result = simulate(job, {.closed_form = true}).result;
    EXPECT_NEAR(to_ns(result.step_time), facts_of(estimate(job)).step_ns, 1.0);
    return result;
  };
  const StepResult own = step([](Job&) {});
  const StepResult twice = step([](Job& job) { job.compute_scale = "2"; });
  EXPECT_NEAR(to_ns(twice.compute_time), 2.0 * to_ns(own.compute_time), 1.0);
  const StepResult again = step([](Job& job) { job.recompute = "full"; });
  EXPECT_GT(again.compute_time, own.compute_time);
  // Gradients of all lines at once wait for the first line, beside nothing.
  const StepResult fused = step([](Job& job) { job.tables = "fused"; });
  EXPECT_EQ(fused.compute_time, own.compute_time);
  EXPECT_NE(fused.step_time, own.step_time);
  const StepResult beside = step([](Job& job) { job.loop = "Overlap"; });
  EXPECT_EQ(beside.compute_time, own.compute_time);
  EXPECT_LT(beside.step_time, own.step_time);
}

// The library of a network is that of the simulation, in closed form and played.
TEST(Questions, OptimizeTakesTheLibraryOfANetwork) {
  Job job{.model = "175B",
          .network = "4D",
          .library = "{name: half, compute_scale: 0.5, tables: fused, latency: 1 us, chunks: 16}",
          .budget = "325"};
  const DesignAnswer best = optimize({.jobs = {job}, .budget = Bandwidth(325.0)});
  EXPECT_NEAR(best.summary.optimum.step_ns[0], to_ns(simulate(job, {.closed_form = true}).result.step_time),
              1.0);
  EXPECT_THAT(best.notes, testing::IsEmpty());
  ASSERT_TRUE(best.summary.played);
  job.bandwidth = fmt::format("{}", fmt::join(best.summary.optimum.gb_per_s, ","));
  job.budget.clear();
  EXPECT_NEAR(best.summary.played->optimum_ns[0], to_ns(simulate(job, {}).result.step_time), 1.0);
  // astra1 counts GiB/s, a budget GB/s.
  job.library = "astra1";
  EXPECT_THAT(optimize({.jobs = {job}, .budget = Bandwidth(325.0)}).notes,
              testing::ElementsAre(testing::HasSubstr("GiB/s")));
}

TEST(Questions, OptionsOfOtherModelsAreRefused) {
  const auto said = [](const Job& job) { return problem([&] { estimate(job); }); };
  EXPECT_NE(said({.model = "resnet-50", .npus = "8", .tp = "2"}).find("--tp is for transformers"),
            std::string::npos);
  EXPECT_NE(said({.model = "175B", .npus = "256", .zero = "1"}).find("--zero is for transformers"),
            std::string::npos);
  EXPECT_NE(said({.model = "175B", .npus = "256", .global_batch = "64"}).find("its batch cannot be set"),
            std::string::npos);
  for (const char* model : {"resnet-50", "llama3-8b"}) {
    EXPECT_NE(said({.model = model, .npus = "8", .loop = "Overlap"}).find("'Overlap' is for layer tables"),
              std::string::npos);
    EXPECT_NE(said({.model = model, .npus = "8", .tables = "fused"}).find("--tables is for layer tables"),
              std::string::npos);
  }
  const auto played = [](const Job& job) { return problem([&] { simulate(job, SimulationOptions{}); }); };
  EXPECT_NE(played({.model = "175B", .machine = "dgx-h100", .npus = "256", .own_links = "true"})
                .find("--own-links is for layer tables on networks"),
            std::string::npos);
  EXPECT_NE(played({.collective = "all-reduce",
                    .size = "1 MB",
                    .network = "FatTree(64, bandwidth 50)",
                    .classes = "Pod"})
                .find("--classes is for grids"),
            std::string::npos);
}

TEST(Questions, ATableOnANetworkIsBuiltAsTheLibrarySays) {
  const Job job{.model = "17B", .network = "2D", .library = "astra1", .budget = "100", .allocation = "equal"};
  Job spelled = job;
  spelled.tables = "fused";
  spelled.compute_scale = "0.26";
  EXPECT_EQ(simulate(job, SimulationOptions{}).result.step_time,
            simulate(spelled, SimulationOptions{}).result.step_time);
  spelled.compute_scale = "0.52";
  EXPECT_NE(simulate(job, SimulationOptions{}).result.step_time,
            simulate(spelled, SimulationOptions{}).result.step_time);
}

TEST(Curve, ChoosesWhatTheJobLeavesOpenAndSaysSo) {
  const Job fixed{.model = "llama3-8b",
                  .machine = "dgx-h100",
                  .tp = "8",
                  .pp = "1",
                  .cp = "1",
                  .virtual_stages = "1",
                  .zero = "1",
                  .micro_batch = "1",
                  .recompute = "full"};
  Job some = fixed;
  some.tp = "auto";
  some.zero.clear();
  const SimulatedCurve answer = curve({.job = some, .workers = {8, 16}});
  EXPECT_EQ(answer.remark, "--tp --zero chosen at each point: the fastest of all that fit");
  ASSERT_EQ(answer.curve.points.size(), 2u);
  Job with_sequence_parallel = fixed;
  with_sequence_parallel.sequence_parallel = "false";
  const SimulatedCurve given = curve({.job = with_sequence_parallel, .workers = {8}});
  EXPECT_EQ(given.remark, "");
  // The same job asked of `estimate`: one sequence per worker, weak scaling.
  const Job job{.model = "llama3-8b",
                .machine = "dgx-h100",
                .npus = "8",
                .tp = "8",
                .zero = "1",
                .micro_batch = "1",
                .global_batch = "8",
                .recompute = "full"};
  EXPECT_NEAR(given.curve.points[0].step.seconds, facts_of(estimate(job)).step_ns * 1e-9, 1e-12);
}

TEST(Place, SaysWhichModelsHaveTensors) {
  EXPECT_NE(problem([] { place({.job = {.model = "dlrm"}}); }).find("dlrm is a layer table"),
            std::string::npos);
  EXPECT_NE(problem([] { place({.job = {.model = "llama3-8b"}}); }).find("needs --machine"),
            std::string::npos);
}

TEST(Cost, OfAMachineIsThatOfItsNetworkAtItsBandwidths) {
  const Machine machine = load_machine("dgx-a100");
  const Network network = machine.network(64);
  const CostAnswer answer = cost({.machine = "dgx-a100", .npus = "64"});
  EXPECT_EQ(answer.gb_per_s, machine.gb_per_s(network));
  EXPECT_EQ(answer.bill.total().value(),
            make_bill(network, load_price_list("artifact"), machine.gb_per_s(network)).total().value());
  EXPECT_EQ(answer.total.value(), answer.bill.total().value());
  EXPECT_EQ(cost({.machine = "dgx-a100", .npus = "64", .bandwidth = "1,2"}).gb_per_s,
            (std::vector<double>{1.0, 2.0}));
}

// A budget is spent exactly, and on each dimension alike.
TEST(Cost, OfABudgetIsThatOfEqualShares) {
  const CostAnswer answer = cost({.network = "4D", .budget = "325"});
  EXPECT_EQ(answer.gb_per_s, std::vector<double>(4, 81.25));
  EXPECT_EQ(answer.total.value(),
            cost({.network = "4D", .bandwidth = "81.25,81.25,81.25,81.25"}).total.value());
  EXPECT_EQ(answer.notes.size(), 1U);
  const CostAnswer machine = cost({.machine = "dgx-h100", .npus = "64", .budget = "500"});
  EXPECT_EQ(machine.gb_per_s, (std::vector<double>{250.0, 250.0}));
}

// The bill of `network`, class by class; one switch for all costs what a dimension of kind Switch does.
TEST(Cost, OfANetworkAsItIsBuiltIsThatOfItsLinks) {
  const Job job{.network = "LeafSpine(4x8, bandwidth 50)"};
  const CostAnswer answer = cost(job);
  ASSERT_TRUE(answer.built);
  EXPECT_EQ(answer.total.value(), network(job).cost->value());
  EXPECT_EQ(cost({.network = "Grid(Switch(8), bandwidth 50)"}).total.value(),
            cost({.network = "Switch(8)", .bandwidth = "50"}).total.value());
}

TEST(Cost, SaysWhatIsMissingOrTwice) {
  const auto why = [](const Job& job) { return problem([&] { cost(job); }); };
  EXPECT_NE(why({.network = "dgx-h100"}).find("is a machine: it needs the number of its NPUs"),
            std::string::npos);
  EXPECT_NE(why({.machine = "dgx-h100"}).find("is a machine: it needs the number of its NPUs"),
            std::string::npos);
  EXPECT_NE(why({.network = "4D"}).find("missing budget"), std::string::npos);
  EXPECT_NE(why({.machine = "dgx-h100", .npus = "64", .network = "4D"}).find("one or the other"),
            std::string::npos);
  EXPECT_NE(
      why({.machine = "dgx-h100", .npus = "64", .classes = "Pod,Pod"}).find("--classes is for networks"),
      std::string::npos);
  EXPECT_NE(
      why({.network = "FatTree(64)", .budget = "50", .bandwidth = "50"}).find("bandwidths of their own"),
      std::string::npos);
  EXPECT_NE(why({.npus = "64", .network = "FatTree(64, bandwidth 50)"}).find("--npus is for machines"),
            std::string::npos);
  EXPECT_NE(why({.machine = "dgx-h100", .npus = "1", .budget = "50"}).find("one NPU has no network"),
            std::string::npos);
}

// What is optimized is the closed form of NPUs that are alike: the answer of a slow one is that of none, with
// a note.
TEST(Optimize, SaysWhereNpusThatDifferAreTakenAsAlike) {
  const std::string slow = "{name: mine, npus: [{first: 3, compute_time: 2}]}";
  const std::vector<Job> jobs = {{.model = "llama3-8b", .machine = "dgx-h100", .npus = "64", .tp = "8"},
                                 {.collective = "all-reduce", .size = "1 GiB", .network = "4D"}};
  for (Job job : jobs) {
    const DesignAnswer usual = optimize({.jobs = {job}, .budget = Bandwidth(300.0)});
    job.library = slow;
    const DesignAnswer answer = optimize({.jobs = {job}, .budget = Bandwidth(300.0)});
    EXPECT_EQ(answer.summary.optimum.gb_per_s, usual.summary.optimum.gb_per_s);
    EXPECT_EQ(answer.notes.size(), usual.notes.size() + 1) << job.network;
    EXPECT_NE(answer.notes.front().find("differ in library mine"), std::string::npos);
    EXPECT_FALSE(answer.summary.played);
  }
  const Job built{.collective = "all-reduce",
                  .size = "1 GiB",
                  .network = "Grid(Ring(4)_Switch(2), bandwidth 50)",
                  .library = slow};
  const std::string said = problem([&] { return optimize({.jobs = {built}, .budget = Bandwidth(300.0)}); });
  EXPECT_NE(said.find("are in its own file"), std::string::npos) << said;
}

}  // namespace
}  // namespace bandwright
