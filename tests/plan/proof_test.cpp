// Proofs, and what is no proof.
#include <gtest/gtest.h>

#include <random>

#include "plan/max_plus_step.h"
#include "plan/plain_loops.h"
#include "plan/proof_check.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

DivisionSpace proved_space(const std::string& model, std::int64_t npus, std::int64_t global_batch) {
  DivisionSpace space{.job = {load_architecture(model), load_machine("dgx-h100")}, .npus = {npus}};
  space.job.parallelism.global_batch = global_batch;
  return space;
}

// An answer with its proof, to be changed.
struct Proved {
  DivisionSpace space;
  DivisionSearch search;
  RankedDivisions found;
  std::vector<ClosedSubtree> proof;

  [[nodiscard]] std::string fault() const { return fault_of(space, search, found, proof); }
};

Proved proved(const DivisionSpace& space, const DivisionSearch& search = {}) {
  Proved result{space, search, best_divisions(space, search), {}};
  result.proof = prove(space, search, result.found);
  return result;
}

DivisionSpace small_space() {
  DivisionSpace space = proved_space("llama3-8b", 16, 32);
  space.virtual_stages = {1, 2};
  space.micro_batch = {1, 2};
  return space;
}

TEST(Proof, IsAccepted) {
  EXPECT_EQ(proved(small_space()).fault(), "");
  DivisionSpace experts = proved_space("mixtral-8x7b", 16, 32);
  experts.virtual_stages = {1};
  EXPECT_EQ(proved(experts).fault(), "");
  DivisionSpace counts = small_space();
  counts.npus = {8, 12, 16};
  counts.weights = {8.0, 12.0, 16.0};
  EXPECT_EQ(proved(counts, {.objective = PlanObjective::CostPerToken, .best = 3}).fault(), "");
  counts.weights = {100.0, 1.0, 50.0};
  EXPECT_EQ(proved(counts, {.objective = PlanObjective::NetworkCost, .best = 3}).fault(), "");
}

TEST(Proof, OfASpaceWithLimitsOrWithoutAnythingThatFits) {
  const Proved any = proved(small_space());
  EXPECT_EQ(proved(small_space(), {.longest_step_ns = any.found.best[2].step_ns}).fault(), "");
  EXPECT_EQ(proved(small_space(), {.most_memory_bytes = 50e9}).fault(), "");
  const Proved none = proved(proved_space("gpt3-175b", 8, 8));
  EXPECT_TRUE(none.found.best.empty());
  EXPECT_EQ(none.fault(), "");
}

TEST(Proof, IsTheSameForAnyNumberOfThreads) {
  const Proved one = proved(small_space(), {.threads = 1});
  const Proved two = proved(small_space(), {.threads = 2});
  ASSERT_EQ(one.proof.size(), two.proof.size());
  for (std::size_t i = 0; i < one.proof.size(); ++i) {
    EXPECT_EQ(one.proof[i].sizes, two.proof[i].sizes);
    EXPECT_EQ(one.proof[i].evaluated, two.proof[i].evaluated);
    EXPECT_EQ(one.proof[i].least_bound_ns, two.proof[i].least_bound_ns);
    EXPECT_EQ(one.proof[i].least_step_ns, two.proof[i].least_step_ns);
  }
}

class ChangedProof : public testing::Test {
 protected:
  Proved changed_ = proved(small_space());

  ClosedSubtree& line_with(bool above_bound) {
    return *std::find_if(changed_.proof.begin(), changed_.proof.end(), [&](const ClosedSubtree& line) {
      return above_bound ? line.above_bound > 0 : line.evaluated > 0;
    });
  }
};

TEST_F(ChangedProof, AnotherBoundIsRejected) {
  *line_with(true).least_bound_ns *= 1.0 + 1e-6;
  EXPECT_NE(changed_.fault().find("another least bound"), std::string::npos) << changed_.fault();
}

TEST_F(ChangedProof, AnotherStepIsRejected) {
  *line_with(false).least_step_ns *= 1.0 - 1e-6;
  EXPECT_NE(changed_.fault().find("another least step"), std::string::npos) << changed_.fault();
}

TEST_F(ChangedProof, ADroppedSubtreeIsRejected) {
  const Proved whole = changed_;
  for (const std::size_t dropped : {std::size_t{0}, whole.proof.size() / 2, whole.proof.size() - 1}) {
    changed_ = whole;
    changed_.proof.erase(changed_.proof.begin() + static_cast<std::ptrdiff_t>(dropped));
    EXPECT_NE(changed_.fault(), "") << dropped;
  }
}

TEST_F(ChangedProof, DivisionsThatAreLeftOutOfALineAreRejected) {
  --line_with(true).valid;
  EXPECT_NE(changed_.fault().find("valid"), std::string::npos);
}

// The best is left out, and all others are one rank better.
TEST_F(ChangedProof, AnotherIncumbentIsRejected) {
  changed_.found.best.erase(changed_.found.best.begin());
  changed_.search.best = changed_.found.best.size();
  EXPECT_NE(changed_.fault().find("better than the last one listed"), std::string::npos) << changed_.fault();
}

TEST_F(ChangedProof, AnIncumbentOfAnotherTimeIsRejected) {
  changed_.found.best[0].step_ns *= 0.999;
  EXPECT_NE(changed_.fault().find("a step of"), std::string::npos) << changed_.fault();
}

TEST_F(ChangedProof, ATieThatIsNoneIsRejected) {
  changed_.found.best[0].ties.push_back(changed_.found.best[1].parallelism);
  EXPECT_NE(changed_.fault(), "");
}

TEST_F(ChangedProof, ADivisionThatDoesNotFitIsRejected) {
  changed_.search.most_memory_bytes = changed_.found.best[0].memory_bytes * 0.999;
  EXPECT_NE(changed_.fault().find("does not fit"), std::string::npos) << changed_.fault();
}

TEST_F(ChangedProof, ADivisionThatCannotBeIsRejected) {
  changed_.found.best[0].parallelism.tensor = 16;  // of 8 key and value heads, 32 heads
  changed_.found.best[0].parallelism.context = 2;  // 32 NPUs and more
  EXPECT_NE(changed_.fault(), "");
}

TEST_F(ChangedProof, OtherWeightsAreRejected) {
  DivisionSpace counts = small_space();
  counts.npus = {8, 16};
  counts.weights = {8.0, 16.0};
  changed_ = proved(counts, {.objective = PlanObjective::CostPerToken, .best = 3});
  ASSERT_EQ(changed_.fault(), "");
  changed_.space.weights = {8.0, 20.0};
  const std::string dearer = changed_.fault();
  changed_.space.weights = {8.0, 4.0};
  EXPECT_TRUE(!dearer.empty() || !changed_.fault().empty());
}

TEST_F(ChangedProof, OtherCountsAreRejected) {
  ++changed_.found.counts.fit;
  EXPECT_NE(changed_.fault().find("counts"), std::string::npos);
}

// The loops of the search and the plain ones list the same divisions.
TEST(PlainLoops, ListTheSameSpace) {
  DivisionSpace some = proved_space("llama3-8b", 48, 96);
  some.zero = {0, 2};
  some.sequence_parallel = {true};
  some.pipeline = {2, 3, 7};
  for (const DivisionSpace& space : {small_space(), proved_space("mixtral-8x7b", 32, 32), some}) {
    const std::int64_t npus = space.npus[0];
    const Network network = space.job.machine.network(npus);
    const DivisionDomains domains = domains_of(space, npus);
    const std::vector<GroupSizes> sizes = group_sizes(space, domains, network);
    const std::vector<ClosedSubtree> lines = subtrees_in_loops(space);
    ASSERT_EQ(sizes.size(), lines.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      EXPECT_EQ(sizes[i], lines[i].sizes);
      std::int64_t searched = 0;
      std::int64_t plain = 0;
      for_each_division(space, domains, sizes[i], npus, [&](const Parallelism&) { ++searched; });
      for_each_in_loops(space, lines[i], network, [&](const Parallelism&) { ++plain; });
      EXPECT_EQ(searched, plain);
    }
  }
}

// Matrices, and operation by operation: the step of estimate().
TEST(MaxPlusStep, IsTheStepOfEstimate) {
  for (const char* model : {"llama3-8b", "mixtral-8x7b"}) {
    const DivisionSpace space = proved_space(model, 32, 32);
    const Network network = space.job.machine.network(32);
    std::mt19937 random(5);
    TrainingJob job = space.job;
    int compared = 0;
    for (const ClosedSubtree& line : subtrees_in_loops(space)) {
      for_each_in_loops(space, line, network, [&](const Parallelism& p) {
        if (random() % 499 != 0) return;
        job.parallelism = p;
        const double expected = estimate(job).step_ns;
        EXPECT_NEAR(max_plus_step_ns(job, network), expected, 1e-12 * expected)
            << model << " TP " << p.tensor << " CP " << p.context << " PP " << p.pipeline << " x "
            << p.virtual_stages << " EP " << p.expert << " ZeRO " << p.zero << " of " << p.micro_batches();
        EXPECT_NEAR(walked_step_ns(job, network), expected, 1e-12 * expected);
        ++compared;
      });
    }
    EXPECT_GT(compared, 30);
  }
}

}  // namespace
}  // namespace bandwright
