// Every line of the bill of memory by its formula (training/memory_bill.h).
#include <gtest/gtest.h>

#include <algorithm>

#include "training/estimate.h"
#include "training/memory_bill.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

// GPT 1.7B: 24 layers of 2,304 with a GELU, one table for input and output.
const TransformerArchitecture& billed_gpt() {
  static const TransformerArchitecture model = load_architecture("gpt-1.7b");
  return model;
}
const TransformerArchitecture& mixtral() {
  static const TransformerArchitecture model = load_architecture("mixtral-8x7b");
  return model;
}
double layer_count_of(const TransformerArchitecture& model) { return static_cast<double>(model.layers); }
// Bytes of one micro-batch's tokens between layers, in elements.
double elements(const TransformerArchitecture& model) {
  return static_cast<double>(model.sequence * model.hidden);
}

MemoryBill bill_of(const TransformerArchitecture& model, Parallelism p) {
  p.global_batch = std::max<std::int64_t>(p.global_batch, 64 * p.data * p.micro_batch);
  return memory_bill(model, p);
}

// 2, 4 and 12 bytes of each parameter, divided over TP always, over 8 replicas from ZeRO 3, 2 and 1 on.
TEST(MemoryLines, ParametersAreDividedAsZeroSays) {
  const double all = layer_count_of(billed_gpt()) * dense_layer_parameters(billed_gpt()) / 2.0;
  const double table = embedding_parameters(billed_gpt()) / 2.0;
  for (int zero = 0; zero <= 3; ++zero) {
    const MemoryBill bill = bill_of(billed_gpt(), {.tensor = 2, .data = 8, .zero = zero});
    const double weights = 2.0 / (zero >= 3 ? 8.0 : 1.0);
    const double gradients = 4.0 / (zero >= 2 ? 8.0 : 1.0);
    const double state = 12.0 / (zero >= 1 ? 8.0 : 1.0);
    EXPECT_DOUBLE_EQ(bill.layer_weights, weights * all) << zero;
    EXPECT_DOUBLE_EQ(bill.layer_gradients, gradients * all) << zero;
    EXPECT_DOUBLE_EQ(bill.layer_optimizer, state * all) << zero;
    EXPECT_DOUBLE_EQ(bill.embedding, (weights + gradients + state) * table) << zero;
    // ZeRO 3 has two layers whole at a time.
    EXPECT_DOUBLE_EQ(bill.gathered, zero == 3 ? 2.0 * 2.0 * dense_layer_parameters(billed_gpt()) / 2.0 : 0.0)
        << zero;
  }
  // Over 4 of the replicas alone, and over context ranks as well.
  Parallelism part{.data = 8, .zero = 1, .zero_npus = 4};
  EXPECT_DOUBLE_EQ(bill_of(billed_gpt(), part).layer_optimizer, 12.0 * 2.0 * all / 4.0);
  part.zero_npus = 0;
  part.context = 2;
  EXPECT_DOUBLE_EQ(bill_of(billed_gpt(), part).layer_optimizer, 12.0 * 2.0 * all / 16.0);
}

// Experts are divided over EP, and by ZeRO over the replicas that hold the same: 8 of 16 with EP 2.
TEST(MemoryLines, ExpertsHaveReplicasOfTheirOwn) {
  const double experts = layer_count_of(mixtral()) * 8.0 / 2.0 * expert_parameters(mixtral());
  const double rest = layer_count_of(mixtral()) * sparse_layer_parameters(mixtral());
  const MemoryBill whole = bill_of(mixtral(), {.expert = 2, .data = 16});
  EXPECT_DOUBLE_EQ(whole.layer_weights, 2.0 * (experts + rest));
  const MemoryBill divided = bill_of(mixtral(), {.expert = 2, .data = 16, .zero = 3});
  EXPECT_DOUBLE_EQ(divided.layer_weights, 2.0 * (experts / 8.0 + rest / 16.0));
  EXPECT_DOUBLE_EQ(
      divided.gathered,
      2.0 * 2.0 * (sparse_layer_parameters(mixtral()) + 8.0 / 2.0 * expert_parameters(mixtral())));
  // Over TP of their own: EP 4 over TP 2 and replicas, experts whole.
  const MemoryBill own = bill_of(mixtral(), {.tensor = 2, .expert = 4, .expert_tensor = 1, .data = 8});
  EXPECT_DOUBLE_EQ(own.layer_weights,
                   2.0 * (layer_count_of(mixtral()) * 2.0 * expert_parameters(mixtral()) + rest / 2.0));
}

// The first stage holds the input's table with its positions, the last the output's.
TEST(MemoryLines, EndsOfAPipelineHoldATableEach) {
  TransformerArchitecture model = billed_gpt();
  model.positions = 2048;
  const Parallelism p{.pipeline = 4, .global_batch = 64};
  const double table = static_cast<double>(model.vocabulary * model.hidden);
  const double positions = 2048.0 * static_cast<double>(model.hidden);
  EXPECT_DOUBLE_EQ(memory_bill(model, p, StageEnd::First).embedding, 18.0 * (table + positions));
  EXPECT_DOUBLE_EQ(memory_bill(model, p, StageEnd::Last).embedding, 18.0 * table);
  for (const StageEnd end : {StageEnd::First, StageEnd::Last}) {
    EXPECT_DOUBLE_EQ(memory_bill(model, p, end).layer_weights, 2.0 * 6.0 * dense_layer_parameters(model));
  }
}

// 34 bytes of each element with a GELU of 4 h, 11 + 19 + 4 (Korthikanti et al.): with TP of 2 the ten that
// are whole, 24 of which it has half; all halved with sequence parallelism; 5 a s / h more where scores pass
// through memory; 2 where all runs again, and one layer besides, which takes turns with the logits.
TEST(MemoryLines, ActivationsFollowKorthikanti) {
  ASSERT_EQ(billed_gpt().ffn, 4 * billed_gpt().hidden);
  const double x = elements(billed_gpt());
  const auto kept = [&](Parallelism p) { return layer_activations(billed_gpt(), p) / x; };
  EXPECT_NEAR(kept({}), 34.0, 1e-9);
  EXPECT_NEAR(kept({.tensor = 2}), 10.0 + 24.0 / 2.0, 1e-9);
  EXPECT_NEAR(kept({.tensor = 2, .sequence_parallel = true}), 17.0, 1e-9);
  EXPECT_NEAR(kept({.micro_batch = 3}), 3.0 * 34.0, 1e-9);
  EXPECT_NEAR(kept({.context = 4}), 34.0 / 4.0, 1e-9);
  const double scores = 5.0 * static_cast<double>(billed_gpt().heads * billed_gpt().sequence) /
                        static_cast<double>(billed_gpt().hidden);
  EXPECT_NEAR(kept({.tensor = 2, .attention = AttentionKernel::Unfused}), 22.0 + scores / 2.0, 1e-9);
  EXPECT_NEAR(kept({.recompute = Recomputation::Selective, .attention = AttentionKernel::Unfused}), 34.0,
              1e-9);
  EXPECT_NEAR(kept({.recompute = Recomputation::Full}), 2.0, 1e-9);
  EXPECT_NEAR(kept({.tensor = 2, .sequence_parallel = true, .recompute = Recomputation::Full}), 1.0, 1e-9);
  const MemoryBill again = bill_of(billed_gpt(), {.recompute = Recomputation::Full});
  EXPECT_NEAR(again.activations / x, 24.0 * 2.0 + std::max(0.0, 34.0 - again.logits / x), 1e-6);
  const MemoryBill halved = memory_bill(
      billed_gpt(), {.pipeline = 2, .global_batch = 8, .recompute = Recomputation::Full}, StageEnd::First);
  EXPECT_EQ(halved.logits, 0.0);
  EXPECT_NEAR(halved.activations / x, 24.0 * 2.0 + 34.0, 1e-6);  // 12 layers of two micro-batches
}

// In fp8 the inputs of multiplications take a byte: 2 of norms, 1 each of both of the FFN's (4 h and the
// activation's), and the attention's output has one beside its own in bf16.
TEST(MemoryLines, NarrowInputsAreKeptNarrow) {
  const double bf16 = layer_activations(billed_gpt(), {}) / elements(billed_gpt());
  const double fp8 = layer_activations(billed_gpt(), {.precision = Precision::Fp8}) / elements(billed_gpt());
  // Two norms' outputs (2 h), the FFN's second input (4 h) are half as large; the attention's output is kept
  // in both formats.
  EXPECT_NEAR(bf16 - fp8, 2.0 + 4.0 - 1.0, 1e-9);
}

// Latent attention whose up-projections run again keeps its latents, 2 bytes each, and the attention's output
// alone.
TEST(MemoryLines, LatentsAreKeptInPlaceOfWhatTheyMake) {
  const TransformerArchitecture model = load_architecture("deepseek-v3");
  Parallelism p{.global_batch = 1};
  const MemoryBill whole = memory_bill(model, p);
  p.again.up_projections = true;
  const MemoryBill again = memory_bill(model, p);
  const double tokens = static_cast<double>(model.sequence);
  const double made = 2.0 * 2.0 * 128.0 * (192.0 + 128.0);  // queries, keys and values, what they weigh
  const double latents = 2.0 * (1536.0 + 512.0 + 64.0) + 2.0 * 128.0 * 128.0;
  EXPECT_NEAR(whole.activations - again.activations, 61.0 * tokens * (made - latents),
              1e-6 * whole.activations);
}

// How many layers' activations there are at a time (Narayanan et al., SC 2021): of 24 layers over 4 stages.
TEST(MemoryLines, LayersInFlightFollowTheSchedule) {
  const double layer = layer_activations(billed_gpt(), {});
  const auto in_flight = [&](PipelineSchedule schedule, std::int64_t chunks, std::int64_t micro_batches,
                             StageEnd end) {
    const Parallelism p{
        .pipeline = 4, .virtual_stages = chunks, .schedule = schedule, .global_batch = micro_batches};
    return memory_bill(billed_gpt(), p, end).activations / layer;
  };
  const StageEnd first = StageEnd::First;
  const StageEnd last = StageEnd::Last;
  EXPECT_NEAR(in_flight(PipelineSchedule::OneFOneB, 1, 16, first), 6.0 * 4.0, 1e-6);
  EXPECT_NEAR(in_flight(PipelineSchedule::OneFOneB, 1, 16, last), 6.0, 1e-6);
  EXPECT_NEAR(in_flight(PipelineSchedule::OneFOneB, 1, 2, first), 6.0 * 2.0, 1e-6);  // there are no more
  EXPECT_NEAR(in_flight(PipelineSchedule::GPipe, 1, 16, first), 6.0 * 16.0, 1e-6);
  EXPECT_NEAR(in_flight(PipelineSchedule::GPipe, 1, 16, last), 6.0 * 16.0, 1e-6);
  EXPECT_NEAR(in_flight(PipelineSchedule::Interleaved, 2, 16, first), 6.0 * (4.0 + 3.0 / 2.0), 1e-6);
  EXPECT_NEAR(in_flight(PipelineSchedule::Interleaved, 2, 16, last), 6.0 * (4.0 - 3.0 / 2.0), 1e-6);
  EXPECT_NEAR(in_flight(PipelineSchedule::Interleaved, 3, 16, first), 6.0 * (4.0 + 3.0 / 3.0), 1e-6);
}

// Beside the exchanges with experts another micro-batch is in flight: one chunk of it.
TEST(MemoryLines, AnotherMicroBatchBesideExchanges) {
  Parallelism p{.expert = 8, .data = 8, .global_batch = 512};
  const double alone = memory_bill(mixtral(), p).activations;
  p.overlap_expert = true;
  EXPECT_NEAR(memory_bill(mixtral(), p).activations, 2.0 * alone, 1e-6 * alone);
  Parallelism dense{.data = 8, .global_batch = 512};
  const double before = memory_bill(billed_gpt(), dense).activations;
  dense.overlap_expert = true;
  EXPECT_EQ(memory_bill(billed_gpt(), dense).activations, before);  // it has no experts
}

// 13, 6 and 4 bytes of each logit, where the output layer is.
TEST(MemoryLines, LogitsAreOfTheOutputLayer) {
  const double logits = static_cast<double>(billed_gpt().sequence * billed_gpt().vocabulary);
  const auto bytes = [&](Loss loss) {
    return bill_of(billed_gpt(), {.tensor = 2, .context = 2, .micro_batch = 3, .loss = loss}).logits /
           (3.0 * logits / 4.0);
  };
  EXPECT_NEAR(bytes(Loss::KernelByKernel), 13.0, 1e-9);
  EXPECT_NEAR(bytes(Loss::InPlace), 6.0, 1e-9);
  EXPECT_NEAR(bytes(Loss::Fused), 4.0, 1e-9);
}

// A bucket of gradients where there are replicas, or all of them where those are less; two workspaces of 32
// MiB, six with experts; what the allocator loses: 4 % of the rest, and 1.5 GiB.
TEST(MemoryLines, BuffersAndAllowance) {
  constexpr double mib = 1048576.0;
  EXPECT_DOUBLE_EQ(bill_of(billed_gpt(), {}).buffers, 64.0 * mib);
  EXPECT_DOUBLE_EQ(bill_of(billed_gpt(), {.data = 2}).buffers, 64.0 * mib + 200e6);
  EXPECT_DOUBLE_EQ(bill_of(billed_gpt(), {.data = 2, .bucket_bytes = 5e6}).buffers, 64.0 * mib + 5e6);
  const double gradients = 2.0 * (layer_count_of(billed_gpt()) * dense_layer_parameters(billed_gpt()) +
                                  embedding_parameters(billed_gpt()));
  EXPECT_DOUBLE_EQ(bill_of(billed_gpt(), {.data = 2, .bucket_bytes = 1e12}).buffers, 64.0 * mib + gradients);
  EXPECT_DOUBLE_EQ(bill_of(mixtral(), {}).buffers, 192.0 * mib);
  const MemoryBill bill = bill_of(billed_gpt(), {});
  EXPECT_NEAR(bill.allowance, 0.04 * bill.allocated() + 1.5 * 1024.0 * mib, 1.0);
  EXPECT_DOUBLE_EQ(fragmentation(100.0), 4.0);
  EXPECT_DOUBLE_EQ(bill.allocated() + bill.allowance, bill.total());
}

// Bytes of an optimizer's state, of which 4 are the fp32 weight.
TEST(MemoryLines, OptimizersKeepTheirMoments) {
  for (const auto& [name, bytes] :
       {std::pair{"adam", 12.0}, {"adam-bf16", 8.0}, {"adam-8bit", 6.0}, {"muon", 8.0}}) {
    EXPECT_EQ(optimizer_state_bytes(optimizer(name)), bytes) << name;
    const MemoryBill bill = bill_of(billed_gpt(), {.optimizer = optimizer(name)});
    EXPECT_DOUBLE_EQ(bill.layer_optimizer / bill.layer_weights, bytes / 2.0) << name;
  }
}

// What a rate comes to: tokens of all sequences in a step, the model's FLOP of the peak of all NPUs, and the
// FLOP of what runs again besides.
TEST(Rates, AreOfTheStepsTokensAndFlop) {
  TrainingJob job{load_architecture("gpt3-175b"),
                  load_machine("dgx-a100"),
                  {.tensor = 8, .pipeline = 8, .data = 2, .global_batch = 64}};
  job.machine.npu.usd_per_hour = 2.0;
  const double step_ns = 20e9;
  const TrainingRate rate = training_rate(job, step_ns);
  EXPECT_NEAR(rate.tokens_per_s, 64.0 * 2048.0 / 20.0, 1e-6);
  const double flop = 64.0 * model_flop_per_sequence(job.model);
  EXPECT_NEAR(rate.mfu, flop / 20.0 / (128.0 * 312e12), 1e-9);
  EXPECT_NEAR(rate.tflop_per_s_per_npu, flop / 20.0 / 128.0 * 1e-12, 1e-6);
  EXPECT_EQ(rate.hfu, rate.mfu);
  EXPECT_NEAR(rate.usd_per_million_tokens, 2.0 * 128.0 / 3600.0 / rate.tokens_per_s * 1e6, 1e-9);
  // The layers' forward pass is a third of their 6 FLOP; the output layer does not run again.
  job.parallelism.recompute = Recomputation::Full;
  const double head = 6.0 * 64.0 * 2048.0 * static_cast<double>(job.model.hidden * job.model.vocabulary);
  EXPECT_NEAR(training_rate(job, step_ns).hfu / rate.mfu, 1.0 + (flop - head) / 3.0 / flop, 1e-9);
  // Scores and weighted values: 4 s^2 h FLOP of each layer and sequence.
  job.parallelism.recompute = Recomputation::Selective;
  const double scores = 64.0 * 96.0 * 4.0 * 2048.0 * 2048.0 * static_cast<double>(job.model.hidden);
  EXPECT_NEAR(training_rate(job, step_ns).hfu / rate.mfu, 1.0 + scores / flop, 1e-9);
  EXPECT_EQ(training_rate(job, step_ns).mfu, rate.mfu);
}

TEST(Breakdowns, AddToTheLineOfTheirName) {
  std::vector<BreakdownLine> lines;
  add_to_breakdown(lines, "a", false, 1.0, 2.0);
  add_to_breakdown(lines, "b", true, 5.0, 0.0);
  add_to_breakdown(lines, "a", false, 3.0, 4.0);
  add_to_breakdown(lines, "c", true, 5.0, 1.0);
  sort_breakdown(lines);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].name, "b");  // of equals the first stays first
  EXPECT_EQ(lines[1].name, "c");
  EXPECT_EQ(lines[2].exposed_ns, 4.0);
  EXPECT_EQ(lines[2].hidden_ns, 6.0);
  TrainingEstimate estimate;
  estimate.breakdown = lines;
  EXPECT_EQ(estimate.exposed_communication_ns(), 10.0);
}

// Of a step: the longest exposed first, none of nothing, and all that is exposed is the step.
TEST(Breakdowns, OfAStepAreInOrder) {
  for (const char* model : {"llama3-8b", "mixtral-8x7b"}) {
    const TrainingEstimate result =
        estimate({load_architecture(model),
                  load_machine("dgx-h100"),
                  {.tensor = 8, .pipeline = 2, .data = 2, .sequence_parallel = true, .global_batch = 32}});
    double exposed = 0.0;
    double before = result.step_ns;
    for (const BreakdownLine& each : result.breakdown) {
      EXPECT_LE(each.exposed_ns, before) << each.name;
      EXPECT_GT(each.exposed_ns + each.hidden_ns, 0.0) << each.name;
      exposed += before = each.exposed_ns;
    }
    EXPECT_GT(result.breakdown.size(), 5U);
    EXPECT_NEAR(exposed, result.step_ns, 1e-9 * result.step_ns);
  }
}

// A second memory holds what the first does not.
TEST(MemoryFits, CountTheSlowMemory) {
  TrainingJob job{load_architecture("llama3-8b"), load_machine("dgx-a100"), {.global_batch = 1}};
  const MemoryFit one = memory_fit(job);
  EXPECT_FALSE(one.fits());
  EXPECT_EQ(one.memory_capacity, job.machine.npu.memory_bytes);
  job.slow_memory_bytes = one.memory.total() - one.memory_capacity;
  EXPECT_TRUE(memory_fit(job).fits());
  EXPECT_EQ(memory_fit(job).remedy, "");
  job.slow_memory_bytes -= 1e6;
  EXPECT_FALSE(memory_fit(job).fits());
}

}  // namespace
}  // namespace bandwright
