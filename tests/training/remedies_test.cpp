// What makes a job fit, taken at its word.
#include <gtest/gtest.h>

#include <sstream>

#include "core/error.h"
#include "training/division/remedy.h"
#include "training/machine.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

using Words = std::vector<std::pair<std::string, std::string>>;  // options and their values

Words words_of(const std::string& remedy) {
  std::istringstream stream(remedy);
  Words words;
  for (std::string word; stream >> word;) {
    if (word.starts_with("--")) {
      words.emplace_back(word, "");
    } else {
      words.back().second = word;
    }
  }
  return words;
}

Parallelism with(Parallelism p, const Words& words) {
  std::int64_t npus = p.npus();
  for (const auto& [option, value] : words) {
    const auto number = [&] { return std::stoll(value); };
    if (option == "--sequence-parallel") {
      p.sequence_parallel = true;
    } else if (option == "--recompute") {
      p.recompute = recomputation(value);
    } else if (option == "--zero") {
      p.zero = static_cast<int>(number());
    } else if (option == "--micro-batch") {
      p.micro_batch = number();
    } else if (option == "--ep") {
      p.expert = number();
    } else if (option == "--tp") {
      p.tensor = number();
    } else if (option == "--pp") {
      p.pipeline = number();
    } else if (option == "--npus") {
      npus = number();
    } else if (option == "--global-batch") {
      p.global_batch = number();
    } else {
      ADD_FAILURE() << "no option of a division: " << option;
    }
  }
  p.data = npus / (p.tensor * p.context * p.pipeline);
  return p;
}

bool fits(const TransformerArchitecture& model, const Parallelism& p, double capacity) {
  try {
    validate(model, p);
  } catch (const InputError&) {
    return false;
  }
  return memory_bill(model, p).total() <= capacity;
}

struct RemedyCase {
  const char* model;
  Parallelism parallelism;
};

std::vector<RemedyCase> remedy_cases() {
  return {
      {"gpt-7.5b", {.data = 16, .global_batch = 64}},
      {"gpt-7.5b", {.tensor = 2, .data = 8, .micro_batch = 4, .global_batch = 64}},
      {"llama3-8b", {.data = 1, .global_batch = 4}},
      {"llama3-70b", {.tensor = 8, .data = 1, .global_batch = 16}},
      {"llama3-70b", {.tensor = 4, .pipeline = 4, .data = 4, .micro_batch = 2, .global_batch = 128}},
      {"gpt3-175b", {.tensor = 8, .data = 1, .global_batch = 16}},
      {"gpt3-175b",
       {.tensor = 8, .pipeline = 4, .data = 1, .global_batch = 16, .attention = AttentionKernel::Unfused}},
      {"mixtral-8x7b", {.data = 16, .micro_batch = 2, .global_batch = 64}},
      {"mixtral-8x22b", {.tensor = 2, .data = 32, .global_batch = 64}},
      {"deepseek-v3", {.expert = 8, .pipeline = 16, .data = 16, .global_batch = 1024}},
      {"llama2-13b", {.tensor = 2, .data = 32, .global_batch = 64}}};
}

// Applied it fits; and what costs time is not there unless it has to be: without any one word of those the
// job does not fit.
TEST(Remedies, AreEnoughAndNoneOfThemTooMany) {
  int named = 0;
  for (const double capacity : {40e9, 80e9, 192e9}) {
    for (const RemedyCase& each : remedy_cases()) {
      const TransformerArchitecture model = load_architecture(each.model);
      const std::string told = remedy(model, each.parallelism, capacity);
      if (fits(model, each.parallelism, capacity)) {
        EXPECT_EQ(told, "") << each.model;
        continue;
      }
      if (told.empty()) continue;  // nothing does
      ++named;
      const Words words = words_of(told);
      EXPECT_TRUE(fits(model, with(each.parallelism, words), capacity)) << each.model << ": " << told;
      for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& option = words[i].first;
        const bool costs = option == "--recompute" || option == "--micro-batch" || option == "--zero";
        if (!costs) continue;
        Words others = words;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(fits(model, with(each.parallelism, others), capacity)) << each.model << ": " << told;
      }
    }
  }
  EXPECT_GT(named, 15);
}

// Where no setting is enough it is more NPUs, a power of two times as many, up to 64 times.
TEST(Remedies, AreMoreNpusWhereNoSettingIsEnough) {
  const TransformerArchitecture model = load_architecture("gpt3-175b");
  const Parallelism one{.tensor = 8, .global_batch = 16};
  const Words words = words_of(remedy(model, one, 80e9));
  const auto npus =
      std::find_if(words.begin(), words.end(), [](const auto& word) { return word.first == "--npus"; });
  ASSERT_NE(npus, words.end());
  const std::int64_t count = std::stoll(npus->second);
  EXPECT_EQ(count & (count - 1), 0);
  EXPECT_GT(count, 8);
  // 175 billion parameters of 18 bytes are 39 times 80 GB.
  EXPECT_GE(static_cast<double>(count) * 80e9, 18.0 * 174e9);
  // The fewest: with half of them nothing fits, whatever TP and PP.
  Parallelism half = with(one, words);
  for (half.tensor = 8; half.tensor <= 32; half.tensor *= 2) {
    for (half.pipeline = 1; half.tensor * half.pipeline <= count / 2; half.pipeline *= 2) {
      half.data = count / 2 / (half.tensor * half.pipeline);
      for (const Recomputation recompute : {Recomputation::None, Recomputation::Full}) {
        half.recompute = recompute;
        half.global_batch = 16 * half.data;
        EXPECT_FALSE(fits(model, half, 80e9)) << half.tensor << ' ' << half.pipeline;
      }
    }
  }
}

// A memory in which not even a layer has room: there is no remedy.
TEST(Remedies, AreNoneWhereNothingHelps) {
  EXPECT_EQ(remedy(load_architecture("gpt3-175b"), {.tensor = 8, .global_batch = 16}, 1e9), "");
}

}  // namespace
}  // namespace bandwright
