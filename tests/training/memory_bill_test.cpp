#include "training/memory_bill.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/paths.h"

namespace bandwright {
namespace {

constexpr double gib = 1073741824.0;

Parallelism korthikanti(std::int64_t pipeline, std::int64_t micro_batch) {
  Parallelism p{.tensor = 8, .pipeline = pipeline, .attention = AttentionKernel::Unfused};
  p.micro_batch = micro_batch;
  p.global_batch = 64;
  if (pipeline > 1) {
    p.schedule = PipelineSchedule::Interleaved;
    p.virtual_stages = 3;
  }
  return p;
}

double parameters_and_optimizer(const MemoryBill& bill) {
  return (bill.layer_weights + bill.layer_gradients + bill.layer_optimizer) / gib;
}

// Korthikanti et al. (2022), figure 1, by its formulas: 18 bytes for each of 12 l h^2 / (t p) parameters, and
// s b h (10 + 24/t + 5 a s / h t) per layer; with sequence parallelism and selective recomputation s b h
// 34/t.
TEST(MemoryBill, AgreesWithKorthikantiFor22Billion) {
  const TransformerArchitecture model = load_architecture("megatron-22b");
  Parallelism p = korthikanti(1, 4);
  EXPECT_NEAR(parameters_and_optimizer(memory_bill(model, p)), 45.5625, 0.01 * 45.5625);
  EXPECT_NEAR(memory_bill(model, p).activations / gib, 59.25, 0.01 * 59.25);
  p.sequence_parallel = true;
  p.recompute = Recomputation::Selective;
  EXPECT_NEAR(memory_bill(model, p).activations / gib, 9.5625, 0.01 * 9.5625);
}

// Interleaved over 8 stages of 3 chunks, the first stage holds 96 (1 + 7/24) = 124 layers' activations.
TEST(MemoryBill, AgreesWithKorthikantiFor175Billion) {
  const TransformerArchitecture model = load_architecture("gpt3-175b");
  Parallelism p = korthikanti(8, 1);
  EXPECT_NEAR(parameters_and_optimizer(memory_bill(model, p)), 45.5625, 0.01 * 45.5625);
  EXPECT_NEAR(memory_bill(model, p).activations / gib, 66.84375, 0.01 * 66.84375);
  p.sequence_parallel = true;
  p.recompute = Recomputation::Selective;
  EXPECT_NEAR(memory_bill(model, p).activations / gib, 12.3515625, 0.01 * 12.3515625);
}

TEST(MemoryBill, NeverGrowsWithTensorParallelismOrZero) {
  for (const char* name : {"gpt3-175b", "llama3-70b", "mixtral-8x7b"}) {
    const TransformerArchitecture model = load_architecture(name);
    double before = 1e300;
    for (const std::int64_t tp : {1, 2, 4, 8}) {
      Parallelism p{.tensor = tp, .data = 16, .global_batch = 16};
      const double bytes = memory_bill(model, p).total();
      EXPECT_LE(bytes, before) << name << " TP " << tp;
      before = bytes;
      double with_less = bytes;
      for (int zero = 1; zero <= 2; ++zero) {
        p.zero = zero;
        EXPECT_LE(memory_bill(model, p).total(), with_less) << name << " ZeRO " << zero;
        with_less = memory_bill(model, p).total();
      }
    }
  }
}

// Every model that ships, at every step from one setting to the next that is meant to save memory.
TEST(MemoryBill, NeverGrowsWithAnySettingThatSavesMemory) {
  for (const std::string& name : input_names("architectures")) {
    const TransformerArchitecture model = load_architecture(name);
    for (const Recomputation recompute :
         {Recomputation::None, Recomputation::Selective, Recomputation::Full}) {
      for (const AttentionKernel kernel : {AttentionKernel::Unfused, AttentionKernel::Flash}) {
        for (const std::int64_t tp : {1, 2, 4}) {
          Parallelism p{.tensor = tp, .data = 8, .micro_batch = 2, .global_batch = 16};
          p.recompute = recompute;
          p.attention = kernel;
          const auto total = [&](auto change) {
            Parallelism changed = p;
            change(changed);
            return memory_bill(model, changed).total();
          };
          const double as_is = memory_bill(model, p).total();
          double before = as_is;
          for (const int zero : {1, 2, 3}) {
            const double bytes = total([&](Parallelism& q) { q.zero = zero; });
            EXPECT_LE(bytes, before) << name << " ZeRO " << zero;
            before = bytes;
          }
          EXPECT_LE(total([](Parallelism& q) { q.tensor *= 2; }), as_is) << name;
          EXPECT_LE(total([](Parallelism& q) { q.sequence_parallel = true; }), as_is) << name;
          EXPECT_LE(total([](Parallelism& q) { q.micro_batch = 1; }), as_is) << name;
          EXPECT_LE(total([](Parallelism& q) { q.recompute = Recomputation::Full; }), as_is) << name;
          EXPECT_LE(total([](Parallelism& q) { q.attention = AttentionKernel::Flash; }), as_is) << name;
        }
      }
    }
  }
}

TEST(MemoryBill, LinesAddUpToTheTotal) {
  const MemoryBill bill = memory_bill(load_architecture("gpt3-175b"), korthikanti(8, 1));
  double sum = 0.0;
  for (const MemoryBill::Line& line : bill.lines()) sum += line.bytes;
  EXPECT_DOUBLE_EQ(bill.total(), sum);
  EXPECT_EQ(bill.largest().name, "activations");
}

TEST(Remedy, IsEmptyWhenTheJobFits) {
  EXPECT_EQ(remedy(load_architecture("gpt-1.7b"), {.global_batch = 1}, 80.0 * gib), "");
}

TEST(Remedy, NamesTheFirstSettingsThatAreEnough) {
  const TransformerArchitecture model = load_architecture("gpt-7.5b");
  const Parallelism p{.data = 64, .global_batch = 64};
  ASSERT_GT(memory_bill(model, p).total(), 80.0 * gib);
  EXPECT_EQ(remedy(model, p, 80.0 * gib), "--zero 1");
}

}  // namespace
}  // namespace bandwright
