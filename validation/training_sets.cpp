#include "validation/training_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/error.h"
#include "simulator/program_form.h"
#include "training/training_step.h"
#include "validation/csv.h"

namespace bandwright {
namespace {

// How a measured number follows from the step time.
struct Metric {
  double scale = 1e-6;   // of the step's nanoseconds
  bool inverse = false;  // scale / ns
};

Measurement row_of(TrainingJob job, std::string label, double measured, Metric metric) {
  validate(job.model, job.parallelism);
  Measurement row{.label = std::move(label), .measured = measured};
  row.constants.push_back(job.machine.npu.constants_name);
  const Network network = job.machine.network(job.parallelism.npus());
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    row.constants.push_back(job.machine.dimensions[d].constants_name);
  }
  row.predict = [job = std::make_shared<const TrainingJob>(std::move(job)), network,
                 metric](const Calibration& calibration) {
    TrainingJob calibrated = *job;
    calibrate(calibrated.machine, calibration);
    const ProgramForm form(training_step(calibrated, network), network.size());
    const double ns = form.step_time_ns(calibrated.machine.gb_per_s(network));
    return metric.inverse ? metric.scale / ns : metric.scale * ns;
  };
  return row;
}

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

// Megatron-LM of 2021 and 2022: fp16, scores in memory, nothing overlapped.
Parallelism megatron_2021() {
  return {.attention = AttentionKernel::Unfused,
          .precision = Precision::Fp16,
          .overlap_gradients = false,
          .overlap_parameters = false,
          .fused_loss = false};
}

// Megatron-Core and NeMo since 2023: everything overlapped, sequence parallel, distributed optimizer.
Parallelism megatron_core() {
  return {.sequence_parallel = true, .zero = 1, .overlap_tensor = true, .gradient_bytes = 2};
}

void interleave(Parallelism& p, std::int64_t virtual_stages) {
  if (virtual_stages <= 1) return;
  p.schedule = PipelineSchedule::Interleaved;
  p.virtual_stages = virtual_stages;
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

Measurement tflops_row(TrainingJob job, const std::string& label, double measured, bool recomputed) {
  const auto batch = static_cast<double>(job.parallelism.global_batch);
  const double flop =
      formula_flop(job.model, batch, recomputed) / static_cast<double>(job.parallelism.npus());
  return row_of(std::move(job), label, measured, {.scale = flop * 1e-3, .inverse = true});
}

Measurement vtrain_row(const CsvRow& row, const Machine& machine, Parallelism p) {
  p.tensor = row.integer("tensor parallelism");
  p.data = row.integer("data parallelism");
  p.pipeline = row.integer("pipeline parallelism");
  p.micro_batch = row.integer("micro batch");
  p.global_batch = row.integer("global batch");
  const TransformerArchitecture model =
      gpt(row.integer("# layers"), row.integer("hidden size"), row.integer("attention heads"),
          row.integer("sequence length"), 51200);
  const std::string label = fmt::format("h {} l {}, TP {} DP {} PP {}, micro-batch {}", model.hidden,
                                        model.layers, p.tensor, p.data, p.pipeline, p.micro_batch);
  return row_of({model, machine, p}, label, row.number("iteration time (ms)"), {});
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

std::string_view mlperf_machine(const std::string& accelerator) {
  if (accelerator.find("GB200") != std::string::npos) return "gb200-nvl72";
  if (accelerator.find("H200") != std::string::npos) return "dgx-h200";
  if (accelerator.find("B200") != std::string::npos) return "dgx-b200";
  return "dgx-h100";
}

}  // namespace

// 8 A100 per machine, four 200 Gb/s adapters; times are those of full recomputation: without it the
// activations of most rows would not fit.
std::vector<Measurement> read_vtrain_multi(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100-4hca");
  Parallelism p = megatron_2021();
  p.recompute = Recomputation::Full;
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) rows.push_back(vtrain_row(row, machine, p));
  return rows;
}

// One such machine; nothing recomputed.
std::vector<Measurement> read_vtrain_single(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100-4hca");
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) rows.push_back(vtrain_row(row, machine, megatron_2021()));
  return rows;
}

std::vector<Measurement> read_sc21_table1(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100");
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const TransformerArchitecture model =
        gpt(row.integer("layers"), row.integer("hidden"), row.integer("attention_heads"),
            row.integer("seq_len"), row.integer("vocab"));
    Parallelism p = megatron_2021();
    p.recompute = Recomputation::Full;
    p.tensor = row.integer("tensor_parallel");
    p.pipeline = row.integer("pipeline_parallel");
    p.data = row.integer("data_parallel");
    p.micro_batch = row.integer("micro_batch");
    p.global_batch = row.integer("global_batch");
    const std::int64_t per_stage = model.layers / p.pipeline;
    interleave(p, per_stage / row.integer_or("layers_per_virtual_stage", per_stage));
    rows.push_back(tflops_row({model, machine, p}, row.text("model"), row.number("tflops_per_gpu"), true));
  }
  return rows;
}

// PTD: the same configurations as table 1; ZeRO-3: weights gathered per layer by flat collectives, nothing
// else divided.
std::vector<Measurement> read_sc21_table2(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100");
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const bool large = row.number("params_B") > 300.0;
    const TransformerArchitecture model =
        large ? gpt(105, 20480, 128, 2048, 51200) : gpt(96, 12288, 96, 2048, 51200);
    Parallelism p = megatron_2021();
    p.recompute = Recomputation::Full;
    p.micro_batch = row.integer("micro_batch");
    p.global_batch = row.integer("global_batch");
    if (row.text("scheme") == "PTD") {
      p.tensor = 8;
      p.pipeline = row.integer("model_parallel") / 8;
      interleave(p, large ? 3 : 2);
    } else {
      p.zero = 3;
      p.overlap_gradients = p.overlap_parameters = true;
      p.hierarchical = false;
    }
    p.data = row.integer("gpus") / (p.tensor * p.pipeline);
    if (p.micro_batches() % p.pipeline != 0) interleave(p, 1);
    const std::string label =
        fmt::format("{} {}B on {}", row.text("scheme"), row.text("params_B"), row.text("gpus"));
    rows.push_back(tflops_row({model, machine, p}, label, row.number("tflops_per_gpu"), true));
  }
  return rows;
}

std::vector<Measurement> read_korthikanti(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-a100");
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const TransformerArchitecture model =
        gpt(row.integer("layers"), row.integer("hidden"), row.integer("heads"), row.integer("seq"), 51200);
    Parallelism p = megatron_2021();
    p.sequence_parallel = row.text("tp_comm") == "rs_ag";
    p.recompute = row.text("recompute") == "full" ? Recomputation::Full : Recomputation::Selective;
    p.tensor = row.integer("tp");
    p.pipeline = row.integer("pp");
    p.data = row.integer("dp");
    p.micro_batch = row.integer("micro_batch");
    p.global_batch = row.integer("global_batch");
    interleave(p, row.integer("interleave"));
    rows.push_back(row_of({model, machine, p}, fmt::format("{} {}", row.text("model"), row.text("mode")),
                          row.number("measured_iter_s"), {.scale = 1e-9}));
  }
  return rows;
}

// FP8 in every round; two layers per virtual stage.
std::vector<Measurement> read_mlperf(const std::filesystem::path& file) {
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const bool llama = row.text("model").find("Llama") != std::string::npos;
    TransformerArchitecture model = load_architecture(llama ? "llama3.1-405b" : "gpt3-175b");
    model.sequence = row.integer("seq_len");
    Parallelism p = megatron_core();
    p.precision = Precision::Fp8;
    p.tensor = row.integer("tp");
    p.pipeline = row.integer("pp");
    p.context = row.integer_or("cp", 1);
    p.data = row.integer("dp");
    p.micro_batch = row.integer_or("micro_batch", 1);
    p.global_batch = row.integer("global_batch");
    interleave(p, std::max<std::int64_t>(1, (model.layers + (llama ? 2 : 0)) / p.pipeline / 2));
    if (p.micro_batches() % p.pipeline != 0) interleave(p, 1);
    if (row.text("accelerator").find("GB200") != std::string::npos)
      p.placement = {"TP", "CP", "EP", "PP", "DP"};
    const std::string label = fmt::format("{} {} on {} {}", row.text("round"), row.text("model"),
                                          row.text("num_accelerators"), row.text("accelerator"));
    rows.push_back(row_of({model, load_machine(mlperf_machine(row.text("accelerator"))), p}, label,
                          row.number("median_step_s"), {.scale = 1e-9}));
  }
  return rows;
}

// Micro-batch 1 with a pipeline and 2 without, one layer per virtual stage where layers divide.
std::vector<Measurement> read_megatron_core(const std::filesystem::path& file) {
  const Machine machine = load_machine("dgx-h100");
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const TransformerArchitecture model =
        gpt(row.integer("layers"), row.integer("hidden"), row.integer("attention_heads"),
            row.integer("seq_len"), row.integer("vocab"));
    Parallelism p = megatron_core();
    p.tensor = row.integer("tensor_parallel");
    p.pipeline = row.integer("pipeline_parallel");
    p.data = row.integer("data_parallel");
    p.sequence_parallel = p.tensor > 1;
    p.global_batch = row.integer("global_batch");
    p.micro_batch = p.pipeline > 1 ? 1 : 2;
    if (p.pipeline > 1 && p.micro_batches() % p.pipeline == 0) interleave(p, model.layers / p.pipeline);
    rows.push_back(tflops_row({model, machine, p}, row.text("model"), row.number("tflops_per_gpu"), false));
  }
  return rows;
}

std::vector<Measurement> read_mpt_fsdp(const std::filesystem::path& file) {
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const auto size = std::find_if(mpt_sizes.begin(), mpt_sizes.end(),
                                   [&](const MptSize& each) { return each.name == row.text("Model"); });
    if (size == mpt_sizes.end()) throw InputError(fmt::format("{}: unknown MPT size", row.text("Model")));
    const TransformerArchitecture model =
        gpt(size->layers, size->hidden, size->heads, row.integer("SeqLen (T)"), 50368);
    const std::string& gpu = row.text("GPU");
    const Machine machine = load_machine(gpu == "h100_80gb"   ? "h100-roce"
                                         : gpu == "a100_40gb" ? "a100-40gb-roce"
                                                              : "a100-80gb-roce");
    Parallelism p;
    p.attention = AttentionKernel::Flash1;
    p.zero = row.text("Sharding Strategy") == "FULL_SHARD" ? 3 : 2;
    p.precision = row.text("Precision") == "amp_fp8" ? Precision::Fp8 : Precision::Bf16;
    p.recompute = row.text("Activation Checkpointing") == "True" ? Recomputation::Full : Recomputation::None;
    p.data = row.integer("# GPUs");
    p.micro_batch = row.integer("MicroBatchSize");
    p.global_batch = p.data * p.micro_batch * row.integer("GradAccum");
    const double tokens = static_cast<double>(p.global_batch * model.sequence);
    rows.push_back(row_of({model, machine, p},
                          fmt::format("{} {} {}, {} tokens, {}", p.data, gpu, size->name, model.sequence,
                                      row.text("Precision")),
                          row.number("Throughput (T/s)"), {.scale = tokens * 1e9, .inverse = true}));
  }
  return rows;
}

}  // namespace bandwright
