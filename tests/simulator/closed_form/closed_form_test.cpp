#include "simulator/closed_form/closed_form.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "workload/training_loop.h"
#include "workload/transformer.h"

namespace bandwright {
namespace {

ClosedForm compile(const Model& model, const Network& network, std::string_view loop,
                   const LoopOptions& options = {}) {
  return {build_step(model, network, training_loop(loop), options), network};
}

ClosedForm compile(std::string_view network, std::string_view model, std::string_view loop) {
  return compile(load_model(model), load_network(network), loop);
}

// A random transformer, a random network it fits on, and random bandwidths.
struct StepSample {
  Model model;
  Network network;
  std::vector<double> gb_per_s;
};

std::vector<double> random_bandwidths(std::mt19937& random, int dimensions) {
  std::uniform_real_distribution<double> exponent(0.0, 3.0);
  std::vector<double> result;
  for (int d = 0; d < dimensions; ++d) result.push_back(std::pow(10.0, exponent(random)));
  return result;
}

StepSample step_sample(std::mt19937& random) {
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  std::string shorthand;
  const int dimensions = pick(1, 6);
  for (int d = 0; d < dimensions; ++d) {
    constexpr std::array kinds = {"Ring", "FullyConnected", "Switch"};
    shorthand += (d == 0 ? "" : "_") + std::string(kinds[static_cast<std::size_t>(pick(0, 2))]) + "(" +
                 std::to_string(1 << pick(1, 4)) + ")";
  }
  Network network = parse_network(shorthand);
  std::int64_t tp = 1;
  while (tp * 2 <= network.npus() && pick(0, 2) > 0) tp *= 2;
  const TransformerShape shape{.layers = pick(1, 3),
                               .hidden = tp * pick(8, 64),
                               .tokens_per_replica = 512LL * pick(1, 32),
                               .sequence = 512LL * pick(1, 8),
                               .tensor_parallel = tp,
                               .gemm_rate = FlopRate(1e12 * pick(1, 200))};
  return {transformer_model("sample", shape), network, random_bandwidths(random, dimensions)};
}

// The equal split of the LIBRA paper's Table VI: 4D, 325 GB/s per NPU, so 81.25 on each dimension.
TEST(ClosedForm, TableViEqualSplit) {
  const std::array<double, 4> equal = {81.25, 81.25, 81.25, 81.25};
  EXPECT_NEAR(compile("4D", "175B", "NoOverlap").step_time_ns(equal) * 1e-6, 783.408, 5e-4);
  EXPECT_NEAR(compile("4D", "175B", "Overlap").step_time_ns(equal) * 1e-6, 734.111, 5e-4);
  EXPECT_NEAR(compile("4D", "1T", "NoOverlap").step_time_ns(equal) * 1e-6, 264.077, 5e-4);
  EXPECT_NEAR(compile("4D", "1T", "Overlap").step_time_ns(equal) * 1e-6, 234.066, 5e-4);
}

// Two lines by hand on Ring(2) at 10 GB/s with TP 2: NoOverlap 1000 f + 800 F + 2000 g + 800 G + 500 w =
// 5,100 ns; Overlap hides the 500 ns of w behind the 800 of G: 4,600 ns. An all-reduce of 8,000 B over 2 NPUs
// sends 8,000 B.
TEST(ClosedForm, OneLineByHand) {
  const Communication exchange{Axis::Tensor, {CollectiveKind::AllReduce, bytes(8000)}};
  const Model model{.name = "line",
                    .tensor_parallel = 2,
                    .lines = {{.name = "a",
                               .forward = {nanoseconds(1000), exchange},
                               .input_gradient = {nanoseconds(2000), exchange},
                               .weight_gradient = {nanoseconds(500), {}}}}};
  const Network network = parse_network("Ring(2)");
  const std::array<double, 1> b = {10.0};
  EXPECT_DOUBLE_EQ(compile(model, network, "NoOverlap").step_time_ns(b), 5100.0);
  const ClosedForm overlap = compile(model, network, "Overlap");
  EXPECT_DOUBLE_EQ(overlap.step_time_ns(b), 4600.0);

  const StepResult result = overlap.evaluate(b);
  EXPECT_EQ(result.step_time, nanoseconds(4600));
  EXPECT_EQ(result.compute_time, nanoseconds(3500));
  EXPECT_EQ(result.groups[0].exposed, nanoseconds(800 + 300));  // F, and what G outlasts w
  EXPECT_DOUBLE_EQ(result.dimensions[0].bytes, 16000.0);
  EXPECT_NEAR(result.dimensions[0].utilization, 16000.0 / 10.0 / 4600.0, 1e-12);
}

// The cut equals the step time where it was asked for and is below it everywhere else: the time is convex.
TEST(ClosedForm, CutsAreTangentsFromBelow) {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    const StepSample s = step_sample(random);
    const ClosedForm step = compile(s.model, s.network, i % 2 == 0 ? "NoOverlap" : "Overlap");
    const Cut cut = step.cut(s.gb_per_s);
    const double here = step.step_time_ns(s.gb_per_s);
    EXPECT_NEAR(cut.at(s.gb_per_s), here, 1e-12 * here);
    for (int k = 0; k < 20; ++k) {
      const std::vector<double> other = random_bandwidths(random, s.network.size());
      const double there = step.step_time_ns(other);
      EXPECT_LE(cut.at(other), there * (1 + 1e-12));
    }
  }
}

TEST(ClosedForm, MoreBandwidthNeverHurts) {
  std::mt19937 random(2);
  for (int i = 0; i < 100; ++i) {
    const StepSample s = step_sample(random);
    const ClosedForm step = compile(s.model, s.network, i % 2 == 0 ? "NoOverlap" : "Overlap");
    std::vector<double> more = s.gb_per_s;
    for (double& b : more) {
      b *= 1.5;
      EXPECT_LE(step.step_time_ns(more), step.step_time_ns(s.gb_per_s) * (1 + 1e-14));
    }
  }
}

// Twice the bytes over twice the bandwidth take the same time: only their ratio enters.
TEST(ClosedForm, BytesAndBandwidthScaleTogether) {
  std::mt19937 random(3);
  for (int i = 0; i < 100; ++i) {
    const StepSample s = step_sample(random);
    Model twice = s.model;
    for (Line& line : twice.lines) {
      for (Pass* pass : {&line.forward, &line.input_gradient, &line.weight_gradient}) {
        if (pass->communication)
          pass->communication->collective.bytes += pass->communication->collective.bytes;
      }
    }
    std::vector<double> faster = s.gb_per_s;
    for (double& b : faster) b *= 2.0;
    const double expected = compile(s.model, s.network, "Overlap").step_time_ns(s.gb_per_s);
    EXPECT_NEAR(compile(twice, s.network, "Overlap").step_time_ns(faster), expected, 1e-12 * expected);
  }
}

// What a dimension is wired like does not change what has to cross it.
TEST(ClosedForm, KindsOfDimensionsAreAlike) {
  std::mt19937 random(4);
  for (int i = 0; i < 50; ++i) {
    const StepSample s = step_sample(random);
    Network switched = s.network;
    for (Dimension& dimension : switched.dimensions) dimension.kind = &dimension_kind("Switch");
    EXPECT_DOUBLE_EQ(compile(s.model, switched, "NoOverlap").step_time_ns(s.gb_per_s),
                     compile(s.model, s.network, "NoOverlap").step_time_ns(s.gb_per_s));
  }
}

// A gradient reduced in two parts one after the other takes as long as in one; so does fusing all of them.
TEST(ClosedForm, SplittingGradientsChangesNothingWhenTheyBlock) {
  std::mt19937 random(5);
  for (int i = 0; i < 50; ++i) {
    const StepSample s = step_sample(random);
    const double split = compile(s.model, s.network, "NoOverlap").step_time_ns(s.gb_per_s);
    const double fused =
        compile(fuse_weight_gradients(s.model), s.network, "NoOverlap").step_time_ns(s.gb_per_s);
    EXPECT_NEAR(fused, split, 1e-12 * split);
  }
}

// step = compute + exposed, exposed = the groups' + overhead, to a picosecond per group; recomputation only
// adds.
TEST(ClosedForm, PartsAddUp) {
  std::mt19937 random(6);
  for (int i = 0; i < 100; ++i) {
    const StepSample s = step_sample(random);
    const LoopOptions options{.recompute = i % 3 == 0 ? Recompute::Full : Recompute::None,
                              .bookkeeping = nanoseconds(i % 4)};
    const ClosedForm step = compile(s.model, s.network, i % 2 == 0 ? "NoOverlap" : "Overlap", options);
    const StepResult result = step.evaluate(s.gb_per_s);
    EXPECT_EQ(result.step_time, nanoseconds(step.step_time_ns(s.gb_per_s)));
    EXPECT_EQ(result.step_time, result.compute_time + result.exposed_communication);
    Time parts = result.overhead;
    for (const GroupExposure& group : result.groups) parts += group.exposed;
    EXPECT_NEAR(to_ns(parts), to_ns(result.exposed_communication), 0.003);
    Time by_dimension = result.overhead;
    for (const DimensionUse& use : result.dimensions) {
      by_dimension += use.exposed;
      EXPECT_LE(use.utilization, 1.0 + 1e-12);
    }
    EXPECT_NEAR(to_ns(by_dimension), to_ns(result.exposed_communication), 0.006);
  }
}

// A dimension that carries bytes at no bandwidth takes forever; one that carries none costs nothing.
TEST(ClosedForm, ZeroBandwidth) {
  const ClosedForm step = compile("2D", "175B", "NoOverlap");
  const std::array<double, 2> starved = {0.0, 100.0};
  EXPECT_TRUE(std::isinf(step.step_time_ns(starved)));
  const Network network = parse_network("Ring(8)_Switch(2)");
  Model pure = load_model("17B");
  pure.tensor_parallel = 8;
  for (Line& line : pure.lines) line.weight_gradient.communication.reset();
  const std::array<double, 2> idle = {100.0, 0.0};
  EXPECT_TRUE(std::isfinite(compile(pure, network, "NoOverlap").step_time_ns(idle)));
}

// It has one NPU for all; a library without what differs is the usual one.
TEST(ClosedForm, HasNoNpusOrLinksThatDiffer) {
  const Network network = load_network("2D");
  const Step step = build_step(load_model("175B"), network, training_loop("NoOverlap"), {});
  Library slow;
  slow.npus = {{.first = 3, .last = 3, .compute_time = 2.0}};
  Library failed;
  failed.links = {{.from = 0, .to = 1, .speed = 0.0}};
  const std::array<double, 2> b = {100.0, 50.0};
  for (const Library& differs : {slow, failed}) {
    EXPECT_THROW(ClosedForm(step, network, differs), InputError);
    EXPECT_EQ(ClosedForm(step, network, differs.all_alike()).step_time_ns(b),
              ClosedForm(step, network).step_time_ns(b));
  }
}

}  // namespace
}  // namespace bandwright
