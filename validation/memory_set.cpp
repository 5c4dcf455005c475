#include "validation/memory_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "training/memory_bill.h"
#include "validation/read_rows.h"
#include "validation/training_row.h"

namespace bandwright {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

// The figure's models and how table 3 of the paper divides them, all with TP 8.
struct Configuration {
  std::string_view model;
  std::string_view architecture;
  std::int64_t pipeline;
  std::int64_t virtual_stages;
  std::int64_t micro_batch;
};
constexpr std::array configurations = {
    Configuration{"megatron-22B", "megatron-22b", 1, 1, 4},
    Configuration{"gpt3-175B", "gpt3-175b", 8, 3, 1},
};

Parallelism parallelism_of(const Configuration& configuration) {
  Parallelism p{.tensor = 8, .pipeline = configuration.pipeline, .attention = AttentionKernel::Unfused};
  interleave(p, configuration.virtual_stages);
  p.micro_batch = configuration.micro_batch;
  p.global_batch = 64;
  return p;
}

double layer_state(const MemoryBill& bill) {
  return bill.layer_weights + bill.layer_gradients + bill.layer_optimizer;
}

struct Column {
  std::string_view name;
  std::string_view what;
  bool saving;  // sequence parallelism, selective recomputation
  double (*bytes)(const MemoryBill& bill);
};
constexpr std::array memory_columns = {
    Column{"params_optimizer_GiB", "parameters and optimizer", false, layer_state},
    Column{"activations_none_GiB", "activations", false, [](const MemoryBill& b) { return b.activations; }},
    Column{"activations_seq_plus_selective_GiB", "activations, sequence parallel and selective", true,
           [](const MemoryBill& b) { return b.activations; }},
};

Measurement memory_row(const CsvRow& row, const Column& column) {
  const std::string& model = row.text("model");
  const auto* found = std::find_if(configurations.begin(), configurations.end(),
                                   [&](const Configuration& each) { return each.model == model; });
  if (found == configurations.end()) {
    throw InputError(fmt::format("unknown model '{}' (choices: megatron-22B, gpt3-175B)", model));
  }
  Parallelism p = parallelism_of(*found);
  p.sequence_parallel = column.saving;
  p.recompute = column.saving ? Recomputation::Selective : Recomputation::None;
  const double predicted = column.bytes(memory_bill(load_architecture(found->architecture), p)) / gib;
  return {.label = fmt::format("{} {}", model, column.what),
          .measured = row.number(column.name),
          .predict = [predicted](const Calibration&) { return predicted; },
          .family = std::string(column.what)};
}

}  // namespace

std::vector<Measurement> read_korthikanti_memory(const std::filesystem::path& file) {
  std::vector<Measurement> rows;
  for (const Column& column : memory_columns) {
    for (Measurement& row : read_rows(file, [&](const CsvRow& each) { return memory_row(each, column); })) {
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace bandwright
