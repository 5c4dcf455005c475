#include "training/memory_bill.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "core/io/paths.h"
#include "training/division/remedy.h"
#include "workload/parameters.h"

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
  for (const std::string& name : input_names("models/transformers")) {
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

// ZeRO 3 holds the weights of two layers whole, of the kind that is larger: all 8 experts of Mixtral's.
TEST(MemoryBill, GathersTheLargerKindOfLayer) {
  const TransformerArchitecture model = load_architecture("mixtral-8x7b");
  const Parallelism p{.data = 64, .zero = 3, .global_batch = 64};
  const double layer = sparse_layer_parameters(model) + 8.0 * expert_parameters(model);
  EXPECT_DOUBLE_EQ(memory_bill(model, p).gathered, 2.0 * 2.0 * layer);
  EXPECT_GT(layer, 6.0 * dense_layer_parameters(load_architecture("llama3-8b")));
}

// 32,768 tokens on an NPU and 128,256 logits each, 13 bytes: 50.9 GiB. TorchTitan measured 83.9 GiB in all
// (benchmarks/llama3_h100_202412_torchtitan.md: 8B, CP 2, 65,536 tokens, full recomputation).
TEST(MemoryBill, CountsTheLogitsOfAnUnfusedLoss) {
  TransformerArchitecture model = load_architecture("llama3-8b");
  model.sequence = 65536;
  Parallelism p{.context = 2, .data = 4, .zero = 3, .global_batch = 4, .recompute = Recomputation::Full};
  p.loss = Loss::KernelByKernel;
  const MemoryBill bill = memory_bill(model, p);
  EXPECT_DOUBLE_EQ(bill.logits, 13.0 * 32768.0 * 128256.0);
  EXPECT_NEAR(bill.allocated() / gib, 83.9, 0.1 * 83.9);
}

// The last stage has them with a pipeline, too, and one micro-batch in flight where the first has all.
TEST(MemoryBill, IsOfTheFullerEndOfAPipeline) {
  TransformerArchitecture model = load_architecture("llama3-8b");
  Parallelism p{.tensor = 2, .pipeline = 4, .data = 1, .global_batch = 16};
  const MemoryBill first = memory_bill(model, p, StageEnd::First);
  const MemoryBill last = memory_bill(model, p, StageEnd::Last);
  EXPECT_EQ(first.logits, 0.0);
  EXPECT_DOUBLE_EQ(last.logits, 4.0 * 8192.0 * 128256.0 / 2.0);
  EXPECT_DOUBLE_EQ(first.activations, 4.0 * last.activations);
  EXPECT_DOUBLE_EQ(memory_bill(model, p).total(), std::max(first.total(), last.total()));
}

// 2-byte gradients save 2 bytes per parameter, moments in bf16 4, whatever they are divided over.
TEST(MemoryBill, KnowsOtherGradientsAndOptimizers) {
  const TransformerArchitecture model = load_architecture("gpt-1.7b");
  Parallelism p{.global_batch = 1};
  const MemoryBill usual = memory_bill(model, p);
  p.stored_gradient_bytes = 2;
  p.optimizer = Optimizer::AdamBf16;
  const MemoryBill small = memory_bill(model, p);
  EXPECT_DOUBLE_EQ(small.layer_gradients, usual.layer_gradients / 2.0);
  EXPECT_DOUBLE_EQ(small.layer_optimizer, usual.layer_optimizer * 8.0 / 12.0);
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

// Llama 3 8B, per token and element of h = 4,096: attention has 4,096 + 2 x 1,024 = 1.5 h, its FFN 3.5 h.
// With every second multiplication computed again 2 for the layer's input, 2 for the attention's output and
// half of 2 x (1.5 + 7 + 2) are kept: 14.5. Norms keep 4 less of the 8 + ... that all activations are.
TEST(MemoryBill, SingleModulesThatRunAgainAreNotKept) {
  const TransformerArchitecture model = load_architecture("llama3-8b");
  const auto kept = [&](std::string_view modules) {
    return layer_activations(model, {.again = recomputed_modules(modules)}) /
           static_cast<double>(model.sequence * model.hidden);
  };
  EXPECT_NEAR(kept("every-second"), 14.5, 1e-9);
  EXPECT_NEAR(kept("none") - kept("norms"), 4.0, 1e-9);
  EXPECT_NEAR(kept("none") - kept("activation"), 3.5 * 2.0, 1e-9);
  EXPECT_NEAR(kept("none") - kept("ffn"), 3.5 * 6.0, 1e-9);
  EXPECT_EQ(kept("none"), kept("up-projections"));
  EXPECT_NEAR(kept("none") - kept("core"), 2.0, 1e-9);    // what attention makes
  EXPECT_NEAR(kept("none") - kept("output"), 2.0, 1e-9);  // and the sum after its projection
}

// Of Llama 3 8B's 32 layers 24 wait in the host's memory; two of them are being copied, and so in both: 8
// + 2.
TEST(MemoryBill, OffloadedLayersAreOnTheHost) {
  const TransformerArchitecture model = load_architecture("llama3-8b");
  Parallelism p{.global_batch = 1, .offloaded_layers = 24};
  const double layer = layer_activations(model, p);
  EXPECT_DOUBLE_EQ(offloaded_share(model, p), 0.75);
  EXPECT_DOUBLE_EQ(memory_bill(model, p).offloaded, 24.0 * layer);
  EXPECT_DOUBLE_EQ(memory_bill(model, p).activations, 10.0 * layer);
  p.offloaded_layers = all_layers;
  EXPECT_DOUBLE_EQ(memory_bill(model, p).activations, 2.0 * layer);
}

// Compiled, the weights are the optimizer's in fp32 (12 bytes with two moments), and ZeRO 3 gathers matrix by
// matrix: two of 4,096 x 14,336, or the output layer's 128,256 x 4,096, which is more.
TEST(MemoryBill, ACompiledStepPlansItsMemory) {
  const TransformerArchitecture model = load_architecture("llama3-8b");
  const MemoryBill bill = memory_bill(model, {.data = 8, .zero = 3, .global_batch = 8, .compiled = true});
  EXPECT_EQ(bill.layer_weights, 0.0);
  EXPECT_DOUBLE_EQ(bill.layer_optimizer, 12.0 / 8.0 * 32.0 * dense_layer_parameters(model));
  EXPECT_DOUBLE_EQ(bill.gathered, 2.0 * 128256.0 * 4096.0);
  EXPECT_EQ(bill.buffers + bill.allowance, 0.0);
  const TransformerArchitecture wide = load_architecture("gpt3-175b");
  EXPECT_DOUBLE_EQ(memory_bill(wide, {.data = 8, .zero = 3, .global_batch = 8, .compiled = true}).gathered,
                   2.0 * 2.0 * 12288.0 * 49152.0);
}

// The layer that runs again keeps everything while the logits' place is free: the larger of the two counts.
TEST(MemoryBill, LogitsAndTheLayerThatRunsAgainTakeTurns) {
  const TransformerArchitecture model = load_architecture("llama3-8b");
  Parallelism p{.global_batch = 1};
  const double kept = layer_activations(model, p);
  p.recompute = Recomputation::Full;
  MemoryBill bill = memory_bill(model, p);
  ASSERT_GT(bill.logits, kept);
  EXPECT_EQ(bill.again, 0.0);
  EXPECT_DOUBLE_EQ(bill.activations, 32.0 * layer_activations(model, p));
  p.tensor = 8;
  p.pipeline = 2;  // no logits on the first stage
  bill = memory_bill(model, p, StageEnd::First);
  p.recompute = Recomputation::None;
  EXPECT_DOUBLE_EQ(bill.again, layer_activations(model, p));
}

// 126 layers and both ends in 64 chunks of 2: the first stage has 7 layers and the embedding, the second 8
// layers, of which it has 16 x 4 + 15 - 2 chunks of 2 in flight.
TEST(MemoryBill, TheSecondStageIsFullerThanAFirstWithTheEmbedding) {
  const TransformerArchitecture model = load_architecture("llama3.1-405b");
  const Parallelism p{.tensor = 4,
                      .pipeline = 16,
                      .virtual_stages = 4,
                      .schedule = PipelineSchedule::Interleaved,
                      .sequence_parallel = true,
                      .global_batch = 1536};
  const MemoryBill first = memory_bill(model, p, StageEnd::First);
  const MemoryBill second = memory_bill(model, p, StageEnd::Second);
  EXPECT_DOUBLE_EQ(first.layer_weights * 8.0, second.layer_weights * 7.0);
  EXPECT_EQ(second.embedding, 0.0);
  EXPECT_DOUBLE_EQ(second.activations, 77.0 * 2.0 * layer_activations(model, p));
  EXPECT_DOUBLE_EQ(memory_bill(model, p).total(), std::max(first.total(), second.total()));
}

}  // namespace
}  // namespace bandwright
