#include "validation/training_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "validation/read_rows.h"
#include "validation/software.h"
#include "validation/training_row.h"

namespace bandwright {
namespace {

TransformerArchitecture gpt(std::int64_t layers, std::int64_t hidden, std::int64_t heads,
                            std::int64_t sequence, std::int64_t vocabulary) {
  return {.name = "GPT",
          .layers = layers,
          .hidden = hidden,
          .heads = heads,
          .kv_heads = heads,
          .head_dim = hidden / heads,
          .ffn = 4 * hidden,
          .sequence = sequence,
          .vocabulary = vocabulary,
          .tied_embeddings = true};
}

// 96 B s l h^2 (1 + s/6h + V/16lh): with full recomputation; 72 and 12 without (Narayanan et al., SC 2021).
double formula_flop(const TransformerArchitecture& m, double batch, bool recomputed) {
  const auto s = static_cast<double>(m.sequence);
  const auto l = static_cast<double>(m.layers);
  const auto h = static_cast<double>(m.hidden);
  const auto v = static_cast<double>(m.vocabulary);
  return (recomputed ? 96.0 : 72.0) * batch * s * l * h * h *
         (1.0 + s / (6.0 * h) + v / ((recomputed ? 16.0 : 12.0) * l * h));
}

Measurement tflops_row(TrainingJob job, Words words, double measured, bool recomputed) {
  const auto batch = static_cast<double>(job.parallelism.global_batch);
  const double flop =
      formula_flop(job.model, batch, recomputed) / static_cast<double>(job.parallelism.npus());
  return training_row(std::move(job), std::move(words), measured, {.scale = flop * 1e-3, .inverse = true});
}

// The columns that tables of Megatron-LM's results name alike.
TransformerArchitecture gpt_of(const CsvRow& row, std::string_view heads, std::string_view sequence,
                               std::int64_t vocabulary) {
  return gpt(row.count("layers"), row.count("hidden"), row.count(heads), row.count(sequence), vocabulary);
}

constexpr std::array<std::string_view, 3> long_names = {"tensor_parallel", "pipeline_parallel",
                                                        "data_parallel"};

// `unpadded`: the vocabulary without TP.
Measurement vtrain_row(const CsvRow& row, const Machine& machine, Parallelism p, std::int64_t unpadded) {
  set_tp_pp_dp(p, row, {"tensor parallelism", "pipeline parallelism", "data parallelism"});
  p.micro_batch = row.count("micro batch");
  p.global_batch = row.count("global batch");
  const TransformerArchitecture model =
      gpt(row.count("# layers"), row.count("hidden size"), row.count("attention heads"),
          row.count("sequence length"), p.tensor == 1 ? unpadded : 51200);
  return training_row({model, machine, p},
                      {fmt::format("h {} l {}, TP {} DP {} PP {}, micro-batch {}", model.hidden, model.layers,
                                   p.tensor, p.data, p.pipeline, p.micro_batch),
                       fmt::format("h {}, TP {}", model.hidden, p.tensor)},
                      row.number("iteration time (ms)"), {});
}

struct MptSize {
  std::string_view name;
  std::int64_t layers;
  std::int64_t hidden;
  std::int64_t heads;
};
constexpr std::array mpt_sizes = {
    MptSize{"125m", 12, 768, 12}, MptSize{"350m", 24, 1024, 16}, MptSize{"760m", 24, 1536, 12},
    MptSize{"1b", 24, 2048, 16},  MptSize{"3b", 32, 2560, 20},   MptSize{"7b", 32, 4096, 32},
    MptSize{"13b", 40, 5120, 40}, MptSize{"30b", 48, 7168, 56},  MptSize{"70b", 80, 8192, 64},
};

TransformerArchitecture mpt(std::string_view name, std::int64_t sequence) {
  for (const MptSize& size : mpt_sizes) {
    if (size.name == name) return gpt(size.layers, size.hidden, size.heads, sequence, 50368);
  }
  throw InputError(fmt::format("unknown MPT size '{}'", name));
}

std::string_view mlperf_machine(const std::string& accelerator) {
  if (accelerator.find("GB200") != std::string::npos) return "gb200-nvl72";
  if (accelerator.find("H200") != std::string::npos) return "dgx-h200";
  if (accelerator.find("B200") != std::string::npos) return "dgx-b200";
  return "dgx-h100";
}

}  // namespace

// 8 A100 per machine, four 200 Gb/s adapters; times are those of full recomputation: without it the
// activations of most rows would not fit.
RowsRead read_vtrain_multi(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100-4hca");
  Parallelism p = software("megatron-2022");
  p.recompute = Recomputation::Full;
  return read_rows(file, [&](const CsvRow& row) { return vtrain_row(row, machine, p, 51200); });
}

// One such machine; nothing recomputed, no TP communication beside compute. Without TP the output layer takes
// 2.5 times as long per token as with it: that is what GPT-2's vocabulary takes when it is not padded.
RowsRead read_vtrain_single(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100-4hca");
  const Parallelism p = software("megatron-2021");
  return read_rows(file, [&](const CsvRow& row) { return vtrain_row(row, machine, p, 50257); });
}

RowsRead read_sc21_table1(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100");
  return read_rows(file, [&](const CsvRow& row) {
    const TransformerArchitecture model = gpt_of(row, "attention_heads", "seq_len", row.count("vocab"));
    Parallelism p = software("megatron-2021");
    p.recompute = Recomputation::Full;
    set_tp_pp_dp(p, row, long_names);
    set_batch(p, row);
    const std::int64_t per_stage = model.layers / p.pipeline;
    interleave(p, per_stage / row.count_or("layers_per_virtual_stage", per_stage));
    return tflops_row({model, machine, p}, {row.text("model"), "the table"}, row.number("tflops_per_gpu"),
                      true);
  });
}

// PTD: the same configurations as table 1.
RowsRead read_sc21_table2(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100");
  return read_rows(file, [&](const CsvRow& row) {
    const bool large = row.number("params_B") > 300.0;
    const bool pipelined = row.text("scheme") == "PTD";
    const TransformerArchitecture model =
        large ? gpt(105, 20480, 128, 2048, 51200) : gpt(96, 12288, 96, 2048, 51200);
    Parallelism p = software(pipelined ? "megatron-2021" : "zero-3-2021");
    p.recompute = Recomputation::Full;
    set_batch(p, row);
    if (pipelined) {
      p.tensor = 8;
      p.pipeline = std::max<std::int64_t>(1, row.count("model_parallel") / 8);
      interleave(p, large ? 3 : 2);
    }
    p.data = std::max<std::int64_t>(1, row.count("gpus") / (p.tensor * p.pipeline));
    if (p.micro_batches() % p.pipeline != 0) interleave(p, 1);
    return tflops_row(
        {model, machine, p},
        {fmt::format("{} {}B on {}", row.text("scheme"), row.text("params_B"), row.text("gpus")),
         row.text("scheme")},
        row.number("tflops_per_gpu"), true);
  });
}

RowsRead read_korthikanti(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100");
  return read_rows(file, [&](const CsvRow& row) {
    const TransformerArchitecture model = gpt_of(row, "heads", "seq", 51200);
    Parallelism p = software("megatron-2022");
    p.sequence_parallel = row.text("tp_comm") == "rs_ag";
    p.recompute = row.text("recompute") == "full" ? Recomputation::Full : Recomputation::Selective;
    set_tp_pp_dp(p, row, tp_pp_dp);
    set_batch(p, row);
    interleave(p, row.count("interleave"));
    return training_row({model, machine, p},
                        {fmt::format("{} {}", row.text("model"), row.text("mode")), row.text("mode")},
                        row.number("measured_iter_s"), {.scale = 1e-9});
  });
}

// FP8 in every round; two layers per virtual stage.
RowsRead read_mlperf(const std::filesystem::path& file) {
  Machines machines;
  return read_rows(file, [&](const CsvRow& row) {
    const bool llama = row.text("model").find("Llama") != std::string::npos;
    const std::string& accelerator = row.text("accelerator");
    TransformerArchitecture model = load_architecture(llama ? "llama3.1-405b" : "gpt3-175b");
    model.sequence = row.count("seq_len");
    Parallelism p = software("megatron-core");
    p.attention = AttentionKernel::Flash2024;
    p.precision = Precision::Fp8;
    set_tp_pp_dp(p, row, tp_pp_dp);
    p.context = row.count_or("cp", 1);
    p.micro_batch = row.count_or("micro_batch", 1);
    p.global_batch = row.count("global_batch");
    interleave(p, std::max<std::int64_t>(1, (model.layers + (llama ? 2 : 0)) / p.pipeline / 2));
    if (p.micro_batches() % p.pipeline != 0) interleave(p, 1);
    if (accelerator.find("GB200") != std::string::npos) p.placement = {"TP", "CP", "EP", "PP", "DP"};
    return training_row({model, *machines.load(mlperf_machine(accelerator)), p},
                        {fmt::format("{} {} on {} {}", row.text("round"), row.text("model"),
                                     row.text("num_accelerators"), accelerator),
                         fmt::format("{} on {}", row.text("model"), accelerator)},
                        row.number("median_step_s"), {.scale = 1e-9});
  });
}

// Micro-batch 1 with a pipeline and 2 without, one layer per virtual stage where layers divide.
RowsRead read_megatron_core(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-h100");
  return read_rows(file, [&](const CsvRow& row) {
    const TransformerArchitecture model = gpt_of(row, "attention_heads", "seq_len", row.count("vocab"));
    Parallelism p = software("megatron-core");
    p.attention = AttentionKernel::Flash2024;
    set_tp_pp_dp(p, row, long_names);
    p.sequence_parallel = p.tensor > 1;
    p.global_batch = row.count("global_batch");
    p.micro_batch = p.pipeline > 1 ? 1 : 2;
    if (p.pipeline > 1 && p.micro_batches() % p.pipeline == 0) interleave(p, model.layers / p.pipeline);
    return tflops_row({model, machine, p}, {row.text("model"), "the table"}, row.number("tflops_per_gpu"),
                      false);
  });
}

// Composer's mixed precision: PURE reduces gradients in the working precision, DEFAULT in fp32.
RowsRead read_mpt_fsdp(const std::filesystem::path& file) {
  Machines machines;
  return read_rows(file, [&](const CsvRow& row) {
    const TransformerArchitecture model = mpt(row.text("Model"), row.count("SeqLen (T)"));
    const std::string& gpu = row.text("GPU");
    const std::string_view machine = gpu == "h100_80gb"   ? "h100-roce"
                                     : gpu == "a100_40gb" ? "a100-40gb-roce"
                                                          : "a100-80gb-roce";
    Parallelism p = software("fsdp");
    if (row.text("MP Mode") == "PURE") p.gradient_bytes = 2;
    p.zero = row.text("Sharding Strategy") == "FULL_SHARD" ? 3 : 2;
    p.precision = row.text("Precision") == "amp_fp8" ? Precision::Fp8 : Precision::Bf16;
    p.recompute = row.text("Activation Checkpointing") == "True" ? Recomputation::Full : Recomputation::None;
    p.data = row.count("# GPUs");
    p.micro_batch = row.count("MicroBatchSize");
    p.global_batch = p.data * p.micro_batch * row.count("GradAccum");
    const double tokens = static_cast<double>(p.global_batch * model.sequence);
    return training_row({model, *machines.load(machine), p},
                        {fmt::format("{} {} {}, {} tokens, {}", p.data, gpu, row.text("Model"),
                                     model.sequence, row.text("Precision")),
                         fmt::format("{} {}", gpu, row.text("Model"))},
                        row.number("Throughput (T/s)"), {.scale = tokens * 1e9, .inverse = true});
  });
}

}  // namespace bandwright
