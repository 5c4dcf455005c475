#include "validation/memory_set.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "core/error.h"
#include "core/fields.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "core/yaml.h"
#include "training/memory_bill.h"
#include "validation/read_rows.h"
#include "validation/training_row.h"

namespace bandwright {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

struct Configuration {
  TransformerArchitecture model;
  Parallelism parallelism;
};

Configuration configuration(const NamedDivision& named) {
  Parallelism p{.tensor = named.tensor, .pipeline = named.pipeline, .attention = AttentionKernel::Unfused};
  interleave(p, named.virtual_stages);
  p.micro_batch = named.micro_batch;
  p.global_batch = 8 * p.micro_batch * p.pipeline;  // enough to fill the pipeline
  return {load_architecture(named.architecture), p};
}

Configuration configuration_of(const CsvRow& row) {
  const std::string& model = row.text("model");
  if (row.has("tp")) {
    return configuration({model, row.count("tp"), row.count_or("pp", 1), row.count_or("virtual_stages", 1),
                          row.count_or("micro_batch", 1)});
  }
  const NamedDivisions known =
      named_division_fields().read(YamlValue::load(inputs_folder() / "measurements" / "configurations.yaml"));
  std::vector<std::string> names;
  for (const auto& [name, division] : known.models) {
    names.push_back(name);
    if (equal_ignoring_case(name, model)) return configuration(division);
  }
  throw InputError(
      fmt::format("how '{}' is divided is not known: give the columns tp, pp, virtual_stages "
                  "and micro_batch (known: {})",
                  model, fmt::join(names, ", ")));
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

const Fields<NamedDivisions>& named_division_fields() {
  const auto count = [] { return kinds::integer<std::int64_t>(1, 1 << 20); };
  static const Fields<NamedDivision> division(
      "division", "how a model is divided",
      required("architecture", &NamedDivision::architecture, kinds::text(), "a name of `list`"),
      required("tp", &NamedDivision::tensor, count(), "NPUs that matrices are divided over"),
      required("pp", &NamedDivision::pipeline, count(), "pipeline stages"),
      required("virtual_stages", &NamedDivision::virtual_stages, count(), "chunks of layers per stage"),
      required("micro_batch", &NamedDivision::micro_batch, count(), "sequences of one pass"));
  static const Fields<NamedDivisions> fields(
      "divisions", "how published tables divide the models that they only name",
      required("help", &NamedDivisions::help, kinds::text(), "one line"),
      required("models", &NamedDivisions::models, kinds::named(kinds::object(division)),
               "by the table's name"));
  return fields;
}

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
