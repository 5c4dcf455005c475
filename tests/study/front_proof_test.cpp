// Proofs of Pareto fronts, and fronts that are none.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/io/files.h"
#include "study/plan/hardware_proof_file.h"
#include "study/plan/proof_file.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using Lines = std::vector<nlohmann::ordered_json>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::ordered_json::parse(line));
  return lines;
}

std::string text_of(const Lines& lines) {
  std::string text;
  for (const auto& line : lines) text += line.dump() + "\n";
  return text;
}

class FrontProof : public testing::Test {
 protected:
  // What the check of a changed text says; of what cannot be read the error.
  template <class Check>
  std::string fault(const Lines& lines, Check check) {
    const std::string file = folder_ / "proof.jsonl";
    std::ofstream(file) << text_of(lines);
    try {
      return check(file).fault;
    } catch (const InputError& error) {
      return error.what();
    }
  }
  std::string fault_of_plan(const Lines& lines) { return fault(lines, check_proof); }
  std::string fault_of_network(const Lines& lines) { return fault(lines, check_hardware_proof); }

 private:
  TemporaryFolder folder_;
};

std::size_t first_with(const Lines& lines, const char* key, std::size_t from = 0) {
  while (from < lines.size() && !lines[from].contains(key)) ++from;
  return from;
}

PlanQuestion counts_question(PlanObjective objective) {
  return {.job = {.model = "llama3-8b",
                  .machine = "dgx-h100",
                  .npus = "8,16,32",
                  .tp = "1,2,4",
                  .cp = "1",
                  .virtual_stages = "1",
                  .micro_batch = "1",
                  .global_batch = "64"},
          .search = {.objective = objective},
          .prove = true,
          .pareto = true};
}

TEST_F(FrontProof, OfNpuCountsIsAcceptedForEachObjective) {
  for (const PlanObjective objective : {PlanObjective::StepTime, PlanObjective::CostPerToken,
                                        PlanObjective::PerfPerCost, PlanObjective::NetworkCost}) {
    const PlanQuestion question = counts_question(objective);
    const PlanAnswer answer = plan(question);
    const Lines lines = lines_of(proof_text(question, answer));
    EXPECT_EQ(fault_of_plan(lines), "") << plan_objective_name(objective);
    // One row for each count, of which as many are on the front as the answer has.
    std::size_t listed = 0;
    std::size_t on_front = 0;
    std::int64_t last = 0;
    for (const auto& line : lines) {
      if (!line.contains("listed")) continue;
      const auto rank = line.at("rank").get<std::int64_t>();
      if (rank == last) continue;  // a tie
      last = rank;
      ++listed;
      on_front += line.at("on_front").get<bool>() ? 1 : 0;
    }
    EXPECT_EQ(listed, 3U);
    EXPECT_EQ(on_front, answer.best.size());
  }
}

TEST_F(FrontProof, OfNpuCountsThatIsDamagedIsRejected) {
  const PlanQuestion question = counts_question(PlanObjective::CostPerToken);
  const Lines proof = lines_of(proof_text(question, plan(question)));
  const std::size_t listed = first_with(proof, "listed");
  const std::size_t closed = first_with(proof, "closed");
  const auto changed = [&](const std::function<void(Lines&)>& change) {
    Lines lines = proof;
    change(lines);
    return fault_of_plan(lines);
  };
  EXPECT_EQ(changed([](Lines&) {}), "");
  EXPECT_NE(changed([&](Lines& lines) {
              for (auto& line : lines) {
                if (line.contains("on_front")) line["on_front"] = !line["on_front"].get<bool>();
              }
            }),
            "");
  EXPECT_NE(changed([&](Lines& lines) {
              lines[listed]["step_ns"] = lines[listed]["step_ns"].get<double>() * 0.99;
            }),
            "");
  EXPECT_NE(changed([&](Lines& lines) { lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(closed)); }),
            "");
  EXPECT_NE(changed([&](Lines& lines) {
              lines[closed]["do_not_fit"] = 1 + lines[closed]["do_not_fit"].get<int>();
            }),
            "");
  EXPECT_NE(changed([&](Lines& lines) { lines.back()["counts"]["valid"] = 1; }), "");
  EXPECT_NE(changed([&](Lines& lines) { lines[0]["pareto"] = false; }), "");
  EXPECT_NE(changed([&](Lines& lines) { std::swap(lines[listed], lines[closed - 1]); }), "");
}

HardwareQuestion network_question(PlanObjective objective) {
  HardwareQuestion question{.job = {.model = "llama3-8b",
                                    .npus = "8",
                                    .tp = "1,2",
                                    .cp = "1",
                                    .virtual_stages = "1",
                                    .zero = "1,2",
                                    .micro_batch = "1",
                                    .global_batch = "16",
                                    .budget = "$20000"},
                            .words = {.npu = "h100", .shapes = "", .dimensions = "2"},
                            .search = {.best = 3},
                            .objective = objective,
                            .prove = true,
                            .pareto = true};
  if (objective == PlanObjective::NetworkCost) question.search.longest_step_ns = 4e9;
  return question;
}

TEST_F(FrontProof, OfNetworksIsAcceptedForEachObjective) {
  for (const PlanObjective objective :
       {PlanObjective::StepTime, PlanObjective::CostPerToken, PlanObjective::NetworkCost}) {
    const HardwareQuestion question = network_question(objective);
    const HardwareAnswer answer = plan_hardware(question);
    ASSERT_GE(answer.best.size(), 1U) << plan_objective_name(objective);
    HardwareQuestion alone = question;
    alone.pareto = alone.prove = false;
    alone.search.best = 1;
    const HardwareAnswer one = plan_hardware(alone);
    if (objective == PlanObjective::StepTime) {
      // The first is the fastest of all, and half of its cost buys another.
      EXPECT_GE(answer.best.size(), 2U);
      EXPECT_EQ(answer.best.front().ranked.step_ns, one.best[0].ranked.step_ns);
    } else {
      // The last is the cheapest of all.
      EXPECT_NEAR(answer.best.back().network_usd.value() / one.best[0].network_usd.value(), 1.0, 1e-5);
    }
    // Slower and cheaper, one after the other; the first is the fastest that the budget buys.
    for (std::size_t i = 1; i < answer.best.size(); ++i) {
      EXPECT_GT(answer.best[i].ranked.step_ns, answer.best[i - 1].ranked.step_ns);
      EXPECT_LT(answer.best[i].network_usd.value(), answer.best[i - 1].network_usd.value());
    }
    EXPECT_LE(answer.best[0].network_usd.value(), 20000.0 * (1.0 + 1e-9));
    EXPECT_EQ(fault_of_network(lines_of(hardware_proof_text(question, answer))), "")
        << plan_objective_name(objective);
  }
}

// Each point of a front by cost is the cheapest with a step of at most its limit: cheaper ones, asked for by
// themselves with that limit, do not exist.
TEST_F(FrontProof, PointsByCostAreThoseOfQuestionsByThemselves) {
  const HardwareAnswer front = plan_hardware(network_question(PlanObjective::NetworkCost));
  for (std::size_t i = 1; i < front.parts.size(); ++i) {
    HardwareQuestion alone = network_question(PlanObjective::NetworkCost);
    alone.pareto = alone.prove = false;
    alone.search.best = 1;
    alone.search.longest_step_ns = front.parts[i].longest_step_ns;
    const HardwareAnswer one = plan_hardware(alone);
    ASSERT_EQ(one.best.size(), 1U);
    EXPECT_NEAR(one.best[0].network_usd.value() / front.best[i].network_usd.value(), 1.0, 1e-6);
  }
}

TEST_F(FrontProof, OfNetworksThatIsDamagedIsRejected) {
  const HardwareQuestion question = network_question(PlanObjective::StepTime);
  const Lines proof = lines_of(hardware_proof_text(question, plan_hardware(question)));
  const std::size_t part = first_with(proof, "part");
  const std::size_t second = first_with(proof, "part", part + 1);
  ASSERT_LT(second, proof.size());
  const auto changed = [&](const std::function<void(Lines&)>& change) {
    Lines lines = proof;
    change(lines);
    return fault_of_network(lines);
  };
  EXPECT_EQ(changed([](Lines&) {}), "");
  // More money for a part makes its network another than the best.
  EXPECT_NE(changed([&](Lines& lines) {
              lines[second]["part"]["budget_usd"] = 1.5 * lines[second]["part"]["budget_usd"].get<double>();
            }),
            "");
  EXPECT_NE(changed([&](Lines& lines) { lines[part]["part"]["budget_usd"] = 1e6; }), "");
  EXPECT_NE(changed([&](Lines& lines) { lines.resize(1); }), "");
  EXPECT_NE(changed([&](Lines& lines) {
              lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(part),
                          lines.begin() + static_cast<std::ptrdiff_t>(second));
            }),
            "");
  EXPECT_NE(changed([&](Lines& lines) { lines[part]["part"]["minimize"] = "network-cost"; }), "");
  EXPECT_NE(changed([&](Lines& lines) { lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(part)); }),
            "");
  EXPECT_NE(changed([&](Lines& lines) {
              lines[part + 1]["gb_per_s"][0] = 0.5 * lines[part + 1]["gb_per_s"][0].get<double>();
            }),
            "");
  EXPECT_NE(changed([&](Lines& lines) {
              const std::size_t closed = first_with(lines, "closed", second);
              lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(closed));
            }),
            "");
}

}  // namespace
}  // namespace bandwright
