#include "validation/memory_set.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "core/error.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "core/yaml.h"
#include "training/memory_bill.h"
#include "validation/read_rows.h"
#include "validation/training_row.h"

namespace bandwright {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

// How a model of the figure is divided: what its own row says, else what the paper does
// (inputs/measurements/configurations.yaml).
struct Configuration {
  TransformerArchitecture model;
  Parallelism parallelism;
};

Configuration configuration(std::string_view architecture, std::int64_t tensor, std::int64_t pipeline,
                            std::int64_t virtual_stages, std::int64_t micro_batch) {
  Parallelism p{.tensor = tensor, .pipeline = pipeline, .attention = AttentionKernel::Unfused};
  interleave(p, virtual_stages);
  p.micro_batch = micro_batch;
  p.global_batch = 8 * micro_batch * pipeline;  // enough to fill the pipeline
  return {load_architecture(architecture), p};
}

Configuration configuration_of(const CsvRow& row) {
  const std::string& model = row.text("model");
  if (row.has("tp")) {
    return configuration(model, row.count("tp"), row.count_or("pp", 1), row.count_or("virtual_stages", 1),
                         row.count_or("micro_batch", 1));
  }
  const YamlValue file = YamlValue::load(inputs_folder() / "measurements" / "configurations.yaml");
  std::vector<std::string> known;
  for (const auto& [name, map] : file.at("korthikanti_fig1_memory_gib").entries()) {
    known.push_back(name);
    if (!equal_ignoring_case(name, model)) continue;
    const auto count = [&map = map](std::string_view key) { return map.at(key).as_integer(1, 1 << 20); };
    return configuration(map.at("architecture").as_string(), count("tp"), count("pp"),
                         count("virtual_stages"), count("micro_batch"));
  }
  throw InputError(
      fmt::format("how '{}' is divided is not known: give the columns tp, pp, virtual_stages "
                  "and micro_batch (known: {})",
                  model, fmt::join(known, ", ")));
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
  Configuration each = configuration_of(row);
  each.parallelism.sequence_parallel = column.saving;
  each.parallelism.recompute = column.saving ? Recomputation::Selective : Recomputation::None;
  validate(each.model, each.parallelism);
  const double predicted = column.bytes(memory_bill(each.model, each.parallelism)) / gib;
  return {.label = fmt::format("{} {}", row.text("model"), column.what),
          .measured = row.number(column.name),
          .predict = [predicted](const Calibration&) { return predicted; },
          .family = std::string(column.what)};
}

}  // namespace

RowsRead read_korthikanti_memory(const std::filesystem::path& file) {
  RowsRead all;
  for (const Column& column : memory_columns) {
    RowsRead each = read_rows(file, [&](const CsvRow& row) { return memory_row(row, column); });
    std::move(each.rows.begin(), each.rows.end(), std::back_inserter(all.rows));
    if (all.not_run.empty()) all.not_run = std::move(each.not_run);
  }
  return all;
}

}  // namespace bandwright
