#include "validation/runs/run_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/error.h"
#include "core/fields.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "core/yaml.h"
#include "training/estimate.h"
#include "validation/read_rows.h"
#include "validation/runs/run_recipes.h"
#include "validation/software.h"
#include "validation/training_row.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

constexpr double bytes_per_gib = 1024.0 * 1024.0 * 1024.0;
constexpr double step_target_percent = 10.0;
constexpr double memory_target_percent = 8.0;

constexpr std::array<std::string_view, 16> needed = {
    "arch", "system", "npus", "tp",  "cp",        "pp",        "vp",       "ep",
    "zero", "mbs",    "gbs",  "seq", "precision", "recompute", "software", "missing_blocking"};

// "@name" is a file beside the table, where the program has none of that name.
std::string input_of(const std::filesystem::path& table, std::string_view folder, std::string_view beside,
                     const std::string& word) {
  if (!word.starts_with('@')) return word;
  std::string name = word.substr(1);
  if (find_input(folder, name)) return name;
  return (table.parent_path() / beside / (name + ".yaml")).string();
}

std::string letters_and_digits(std::string_view words) {
  std::string found;
  for (const char each : words) {
    const auto letter = static_cast<unsigned char>(each);
    if (std::isalnum(letter) != 0) found += static_cast<char>(std::tolower(letter));
  }
  return found;
}

// Its words without a version's v ("Qwen-v3") and the number of parameters at its end ("-235b").
std::string plain_model(std::string_view whole) {
  constexpr std::string_view between = " _-";
  constexpr std::string_view number = "0123456789.";
  std::string plain;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const bool version = i > 0 && i + 1 < whole.size() && (whole[i] == 'v' || whole[i] == 'V') &&
                         between.find(whole[i - 1]) != std::string_view::npos &&
                         std::isdigit(static_cast<unsigned char>(whole[i + 1])) != 0;
    if (!version) plain += whole[i];
  }
  const std::size_t last = plain.find_last_of(between);
  if (last == std::string::npos || last + 2 >= plain.size()) return plain;
  const std::string_view size = std::string_view(plain).substr(last + 1);
  const bool parameters = std::string_view("bBtT").find(size.back()) != std::string_view::npos &&
                          size.substr(0, size.size() - 1).find_first_not_of(number) == std::string_view::npos;
  if (parameters) plain.resize(last);
  return plain;
}

// A model that a row names in words only: one of the program's whose name has the same letters and digits,
// whatever the row adds to them.
std::optional<std::string> model_in_words(const CsvRow& row) {
  if (!row.has("model")) return std::nullopt;
  const std::string& whole = row.text("model");
  for (const std::string& words : {letters_and_digits(whole), letters_and_digits(plain_model(whole))}) {
    for (const std::string& name : input_names("models/transformers")) {
      if (letters_and_digits(name) == words) return name;
    }
  }
  return std::nullopt;
}

void set_overlap(Parallelism& p, const std::string& overlap) {
  if (overlap == "none") {
    p.overlap_gradients = p.overlap_parameters = p.overlap_tensor = false;
  } else if (overlap == "expert") {
    p.overlap_expert = true;
  } else if (overlap == "tensor") {
    p.overlap_tensor = true;
  } else {
    throw InputError(fmt::format("overlap: unknown '{}' (choices: none, expert, tensor, or empty)", overlap));
  }
}

bool whole_graphs(const CsvRow& row) {
  if (row.text("graphs") == "whole") return true;
  throw InputError(
      fmt::format("graphs: unknown '{}' (choices: whole, or empty)", printable(row.text("graphs"))));
}

// NVIDIA's releases are named by year and month, "26.06.01"; "" for other software.
std::string release_of(const CsvRow& row) {
  if (!row.has("group")) return {};
  const std::string& group = row.text("group");
  const bool release = group.size() >= 5 && group[2] == '.' && group[0] == '2';
  return release ? group.substr(0, 5) : std::string();
}

// NVIDIA's recipes sum gradients in bf16 (Megatron-Bridge and NeMo, grad_reduce_in_fp32=False); Megatron-LM's
// own command line sums in fp32.
bool sums_in_bf16(const CsvRow& row) {
  const std::string source = row.has("source") ? row.text("source") : "";
  return source.find("NeMo") != std::string::npos || source.find("Megatron-Bridge") != std::string::npos ||
         source.find("MLPerf") != std::string::npos;
}

// From 26.06 on steps with MXFP8, whose kernels need no counts from the host, are issued at once.
bool released_with_graphs(const CsvRow& row) {
  const bool mxfp8 = row.has("precision_stated") && row.text("precision_stated") == "MXFP8";
  return mxfp8 && release_of(row) >= "26.06";
}

// cuDNN's attention of 2024, before that of release 25.07.
bool released_with_older_attention(const CsvRow& row) {
  const std::string release = release_of(row);
  return !release.empty() && release < "25.07";
}

bool says(const CsvRow& row, std::string_view column, std::string_view words) {
  return row.has(column) && row.text(column).find(words) != std::string::npos;
}

// Modules that ran again, by the names that software gives them, where all did not. MaxText's "minimal" keeps
// what projections make (decoders.py, minimal_policy).
RecomputedModules modules_again(const CsvRow& row) {
  if (row.has("recompute_modules")) return recomputed_modules(row.text("recompute_modules"));
  const auto stated = [&](std::string_view words) { return says(row, "recompute_stated", words); };
  if (stated("minimal")) return recomputed_modules("norms,activation,core");
  if (stated("queries, keys, values and attention output kept"))
    return recomputed_modules("norms,output,ffn");
  return {.norms = stated("layernorm"),
          .activation = stated("moe_act"),
          .up_projections = stated("mla_up_proj"),
          .ffn = row.has("recompute_stated") && row.text("recompute_stated") == "mlp",
          .experts = stated("layernorm, moe") && !stated("moe_act"),
          .every_second = stated("every second operator") || stated("per operator")};
}

// Layers whose activations waited in the host's memory: those named; of the TPU recipes what all layers begin
// with.
std::int64_t offloaded_layers(const CsvRow& row) {
  if (row.has("offload_layers")) {
    return row.text("offload_layers") == "all" ? all_layers : row.count("offload_layers");
  }
  return says(row, "recompute_stated", "layer input offloaded") ? all_layers : 0;
}

// Whether a row leaves out what ran again, or contradicts itself there.
bool memory_unstated(const CsvRow& row) {
  return says(row, "assumed", "recomputation not stated") || says(row, "recompute_stated", "some layers") ||
         says(row, "assumed", "contradicts");
}

// What older tables say in words of what version 0.1 could not say.
void set_what_was_missing(Parallelism& p, const CsvRow& row) {
  constexpr std::int64_t machine = 8;
  if (says(row, "missing_approx", "inside a machine")) p.zero_npus = std::min(machine, p.data * p.context);
  if (says(row, "missing_approx", "Muon")) p.optimizer = Optimizer::Muon;
  if (says(row, "missing_blocking", "Megatron-FSDP")) p.zero = 3;
}

Parallelism parallelism_of(const CsvRow& row) {
  Parallelism p = software(row.text("software"));
  p.tensor = row.count("tp");
  p.context = row.count("cp");
  p.pipeline = row.count("pp");
  p.expert = row.count_or("ep", 1);
  p.expert_tensor = row.has("etp") ? row.count("etp") : 0;
  if (row.has("zero_npus")) p.zero_npus = row.count("zero_npus");
  fill_data_parallel(p, row.count("npus"));
  p.zero = row.has("zero") ? static_cast<int>(parse_integer(row.text("zero"), 0, 3)) : p.zero;
  p.micro_batch = row.count("mbs");
  p.global_batch = row.count("gbs");
  interleave(p, row.count_or("vp", 1));
  const bool unsaid = !row.has("precision") && row.has("precision_stated");
  p.precision = precision(row.text(unsaid ? "precision_stated" : "precision"));
  p.recompute = recomputation(row.text("recompute"));
  const bool modules = row.has("recompute_modules") || row.has("recompute_stated");
  if (p.recompute != Recomputation::Full && modules) p.again = modules_again(row);
  p.offloaded_layers = offloaded_layers(row);
  if (row.has("lora_rank")) {
    const std::int64_t rank = parse_integer(row.text("lora_rank"), 1, most_rank);
    p.adapters = adapters(rank, row.has("lora_targets") ? row.text("lora_targets") : "all");
  }
  set_what_was_missing(p, row);
  // With a pipeline it reduces gradients and gathers weights once per step since 2025 (TorchTitan,
  // parallelize_llama.py: not resharded after the forward pass).
  const bool of_2024 = says(row, "group", "2024");
  if (row.text("software") == "fsdp2" && p.pipeline > 1 && !of_2024) p.zero = std::min(p.zero, 1);
  const bool owners_inside = row.text("software") == "internevo" && p.zero_npus > 0;
  if (owners_inside) p.overlap_gradients = p.overlap_parameters = true;
  p.sequence_parallel = row.yes("sequence_parallel") && p.tensor > 1;
  if (row.text("software") == "megatron-core" && sums_in_bf16(row)) p.stored_gradient_bytes = 2;
  if (released_with_older_attention(row)) p.attention = AttentionKernel::Flash2024;
  if (row.has("attention")) p.attention = attention_kernel(row.text("attention"));
  // Weights gathered in nvfp4 leave no room for TP communication beside multiplications (Megatron-Bridge,
  // tests of its performance recipes: tp_comm_overlap = False in each of nvfp4).
  if (p.precision == Precision::Nvfp4) p.overlap_tensor = false;
  if (row.has("overlap")) set_overlap(p, row.text("overlap"));
  if (row.has("dispatch")) p.dispatch = expert_dispatch(row.text("dispatch"));
  p.whole_graphs = row.has("graphs") ? whole_graphs(row) : released_with_graphs(row);
  return p;
}

// Megatron-LM's tests named so go on from a checkpoint of an earlier release; their weights are trained as
// ever, and their memory is that of the test without the word.
bool resumes_frozen(const CsvRow& row) { return says(row, "model", "frozen_resume"); }

constexpr std::string_view several_slices =
    "several slices over the data-centre network (its bandwidth is not stated)";

// NPUs of one slice of a run over several: MaxText's tables have slices of 64 v4 and of whole pods of 256 v5e
// (README of src/maxtext/configs/tpu); of others two.
std::int64_t slice_npus(const Machine& machine, std::int64_t npus) {
  if (machine.name.find("v4") != std::string::npos) return std::min<std::int64_t>(64, npus);
  if (machine.name.find("v5e") != std::string::npos) return std::min<std::int64_t>(256, npus);
  return npus / 2;
}

// The network between slices: of a chip of v5e 25 Gb/s (6.4 Tb/s of a pod of 256), of the others 50 Gb/s
// (cloud.google.com/tpu/docs/v5e, v5p). Weights are divided inside a slice only, as MaxText's tables do it.
void divide_into_slices(Machine& machine, Parallelism& p) {
  const std::int64_t slice = slice_npus(machine, p.npus());
  std::int64_t inner = 1;
  for (std::size_t d = 0; d + 1 < machine.dimensions.size(); ++d) inner *= machine.dimensions[d].npus;
  if (slice % inner != 0)
    throw InputError(fmt::format("slices of {} NPUs do not hold whole cubes of {}", slice, inner));
  machine.dimensions.back().npus = static_cast<int>(slice / inner);
  FabricDimension between = load_machine("tpu-v5e-slices").dimensions.back();
  if (machine.name.find("v5e") == std::string::npos) between.gb_per_s = 6.25;
  machine.dimensions.push_back(std::move(between));
  p.zero_npus = slice / (p.tensor * p.pipeline);
}

// What a run had that cannot be said, of what version 0.1 could not say.
std::string still_blocked(const CsvRow& row) {
  constexpr std::array<std::string_view, 7> said_now = {"precision nvfp4",
                                                        "ETP other than TP",
                                                        "multi-token prediction layer",
                                                        "optimizer muon",
                                                        "model: Mamba-2 hybrid layers",
                                                        "Megatron-FSDP",
                                                        several_slices};
  std::vector<std::string_view> blocked;
  if (!row.has("missing_blocking")) return "";
  for (std::string_view each : split(row.text("missing_blocking"), ';')) {
    while (each.starts_with(' ')) each.remove_prefix(1);
    if (each == "frozen weights" && resumes_frozen(row)) continue;
    if (each == "LoRA (frozen weights)" && row.has("lora_rank")) continue;
    if (std::find(said_now.begin(), said_now.end(), each) == said_now.end()) blocked.push_back(each);
  }
  return fmt::format("{}", fmt::join(blocked, "; "));
}

// Rows of one table; models and machines are read once each.
class RunReader {
 public:
  explicit RunReader(std::filesystem::path table) : table_(std::move(table)) {}

  [[nodiscard]] TrainingJob job(const CsvRow& stated) {
    const CsvRow row = by_recipes(stated, recipes_.recipes);
    const std::string blocked = still_blocked(row);
    if (!blocked.empty()) throw InputError(blocked);
    TransformerArchitecture model = load_architecture(model_of(row));
    model.sequence = row.count_or("seq", model.sequence);
    const bool one_more = says(row, "missing_approx", "multi-token prediction") ||
                          says(row, "missing_blocking", "multi-token prediction");
    model = predicting_more(std::move(model), row.count_or("predict_more", one_more ? 1 : 0));
    Parallelism p = parallelism_of(row);
    if (!model.sparse()) p.expert_tensor = 0;  // Megatron-LM takes the option for any model
    Machine machine = *machines_.load(input_of(table_, "machines", "machines", row.text("system")));
    p.compiled = p.compiled || machine.npu.compiled;
    if (says(row, "missing_blocking", "several slices")) divide_into_slices(machine, p);
    return {std::move(model), std::move(machine), std::move(p)};
  }

  [[nodiscard]] static Words words(const CsvRow& row) {
    const auto told = [&](std::string_view column) { return row.has(column) ? row.text(column) : ""; };
    const std::string model = row.has("model") ? row.text("model") : row.text("arch");
    return {fmt::format("{} {} on {} of {}, {}", told("id"), model, row.text("npus"), row.text("system"),
                        told("group")),
            fmt::format("{} on {}", model, row.text("system"))};
  }

 private:
  [[nodiscard]] std::string model_of(const CsvRow& row) const {
    if (row.has("arch")) return input_of(table_, "models/transformers", "architectures", row.text("arch"));
    if (const std::optional<std::string> known = model_in_words(row)) return *known;
    throw InputError(
        fmt::format("no shape of the model '{}' is known", row.has("model") ? row.text("model") : ""));
  }

  std::filesystem::path table_;
  Machines machines_;
  RunRecipes recipes_ =
      run_recipe_fields().read(YamlValue::load(inputs_folder() / "measurements" / "recipes.yaml"));
};

bool has_time(const CsvRow& row) {
  return row.has("step_s") || row.has("tokens_s_gpu") || row.has("tflops_gpu");
}

// Seconds of a step from what was measured: of all NPUs, tokens from the batch, FLOP as the model counts
// them.
double seconds(const CsvRow& row, const TrainingJob& job) {
  if (row.has("step_s")) return row.number("step_s");
  const auto npus = static_cast<double>(job.parallelism.npus());
  const auto batch = static_cast<double>(job.parallelism.global_batch);
  if (row.has("tokens_s_gpu")) {
    return batch * static_cast<double>(job.model.sequence) / npus / row.number("tokens_s_gpu");
  }
  return batch * model_flop_per_sequence(job.model) / npus / row.number("tflops_gpu") * 1e-12;
}

// What a reading counts of a bill: of one stage or the fullest, allocated tensors, or with what the allocator
// reserves besides. No reading counts the libraries.
double bytes_read(const TrainingJob& job, const std::string& kind) {
  const auto says = [&](std::string_view words) { return kind.find(words) != std::string::npos; };
  const MemoryBill bill = says("last pipeline stage")
                              ? memory_bill(job.model, job.parallelism, StageEnd::Last)
                              : memory_bill(job.model, job.parallelism);
  return bill.allocated() + (says("reserved") ? fragmentation(bill.allocated()) : 0.0);
}

Measurement reading_row(const CsvRow& row, const TrainingJob& job) {
  validate(job.model, job.parallelism);
  const double predicted = bytes_read(job, row.has("mem_kind") ? row.text("mem_kind") : "") / bytes_per_gib;
  Words words = RunReader::words(row);
  return {.label = std::move(words.label),
          .measured = row.number("mem_gib"),
          .predict = [predicted](const Calibration&) { return predicted; },
          .family = std::move(words.family)};
}

}  // namespace

bool is_run_table(const CsvHeader& header) {
  return std::all_of(needed.begin(), needed.end(),
                     [&](std::string_view column) { return header.find(column).has_value(); });
}

std::vector<DataSet> read_run_table(const std::filesystem::path& file) {
  RunReader reader(file);
  const auto with = [&](bool (*has)(const CsvRow&), auto measurement) {
    return read_rows(file, [&, has](const CsvRow& row) -> std::optional<Measurement> {
      if (!has(row)) return std::nullopt;
      return measurement(row, reader.job(row));
    });
  };
  RowsRead times = with(has_time, [](const CsvRow& row, TrainingJob job) {
    const double measured = seconds(row, job);
    Measurement step = training_row(std::move(job), RunReader::words(row), measured, {.scale = 1e-9});
    step.memory_unstated = memory_unstated(row);
    return step;
  });
  RowsRead memory = with([](const CsvRow& row) { return row.has("mem_gib"); }, reading_row);
  std::vector<DataSet> sets;
  const auto add = [&](RowsRead& read, std::string metric, double target, Measured what) {
    if (read.rows.empty() && read.not_run.empty()) return;
    sets.push_back({file.stem().string(), std::move(metric), std::move(read.rows), std::move(read.not_run),
                    target, what});
  };
  add(times, "s", step_target_percent, Measured::StepTime);
  add(memory, "GiB", memory_target_percent, Measured::Memory);
  return sets;
}

}  // namespace bandwright
