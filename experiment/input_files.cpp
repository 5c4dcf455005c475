#include "experiment/input_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiment/specification.h"
#include "formats/summaries.h"
#include "memory/tiers.h"
#include "network/graph_file.h"
#include "plan/hardware/free_hardware.h"
#include "study/job/division_space.h"
#include "study/job/job_options.h"
#include "study/plan/space_file.h"
#include "topology/link_limits.h"
#include "training/interval.h"
#include "training/machine.h"
#include "validation/data_set.h"
#include "validation/memory_set.h"
#include "validation/runs/run_recipes.h"
#include "workload/architecture.h"
#include "workload/hugging_face.h"
#include "workload/image_model.h"
#include "workload/parameters.h"
#include "workload/transformer.h"

namespace bandwright {
namespace {

std::string amount(double value, std::string_view unit) { return fmt::format("{:.4g} {}", value, unit); }

FileSummary summary_of(const TransformerArchitecture& model) {
  FileSummary summary{.facts = {{"layers", std::to_string(model.layers)},
                                {"parameters", amount(parameters(model) * 1e-9, "billion")}}};
  if (model.sparse()) {
    summary.facts.emplace_back("parameters of one token", amount(active_parameters(model) * 1e-9, "billion"));
  }
  summary.facts.emplace_back("tokens of a sequence", std::to_string(model.sequence));
  return summary;
}

FileSummary summarise_architecture(const YamlValue& root) { return summary_of(read_architecture(root)); }

FileSummary summarise_images(const YamlValue& root) {
  const ImageModel model = read_image_model(root);
  std::size_t layers = 0;
  for (const ConvNet& network : model.networks) layers += network.layers.size();
  return {.facts = {
              {"layers", std::to_string(layers)},
              {"parameters", amount(static_cast<double>(model.parameters()) * 1e-6, "million")},
              {"compute of an image", amount(static_cast<double>(model.flops_per_image()) * 1e-9, "GFLOP")}}};
}

FileSummary summarise_npu(const YamlValue& root) {
  const Npu npu = npu_fields().read(root);
  FileSummary summary{.facts = {{"memory", format_bytes(Bytes(std::llround(npu.memory_bytes)))},
                                {"memory bandwidth", amount(npu.memory_gb_per_s, "GB/s")}}};
  for (const Precision precision : {Precision::Fp16, Precision::Bf16, Precision::Fp8, Precision::Nvfp4}) {
    const double flop_per_ns = npu.peak_flop_per_ns[static_cast<std::size_t>(precision)];
    if (flop_per_ns <= 0.0) continue;
    summary.facts.emplace_back(fmt::format("peak, {}", precision_name(precision)),
                               amount(flop_per_ns * 1e-3, "TFLOP/s"));
  }
  return summary;
}

FileSummary summarise_machine(const YamlValue& root) {
  const Machine machine = read_calibrated_machine(root);
  FileSummary summary{.facts = {{"NPU", machine.npu.name},
                                {"memory", format_bytes(Bytes(std::llround(machine.npu.memory_bytes)))}}};
  for (const FabricDimension& dimension : machine.dimensions) {
    const std::string npus = dimension.npus > 0 ? std::to_string(dimension.npus) : "any number";
    summary.facts.emplace_back(fmt::format("{} of {} NPUs", dimension.kind->name, npus),
                               amount(dimension.gb_per_s, "GB/s per NPU"));
  }
  return summary;
}

FileSummary summarise_tiers(const YamlValue& root) {
  const TierPair tiers = read_tiers(root);
  FileSummary summary;
  for (const Tier* tier : {&tiers.fast, &tiers.slow}) {
    summary.facts.emplace_back(
        tier->name, fmt::format("{}, read at {:.4g} GB/s", format_bytes(tier->capacity), tier->read.value()));
  }
  return summary;
}

FileSummary summarise_prices(const YamlValue& root) {
  FileSummary summary;
  for (const ClassPrices& row : read_price_list(root).classes) {
    std::vector<std::string> prices;
    for (const Element element : {Element::Link, Element::Switch, Element::Nic}) {
      const auto price = row.of(element);
      if (price) prices.push_back(fmt::format("{} ${:.4g}", element_name(element), price->value()));
    }
    summary.facts.emplace_back(row.name, fmt::format("{} per GB/s", fmt::join(prices, ", ")));
  }
  return summary;
}

FileSummary summarise_experiment(const YamlValue& root) {
  return {.facts = {{"points", std::to_string(read_experiment(root).points.size())}}};
}

FileSummary summarise_shares(const YamlValue& root) {
  return {.facts = {{"rows", std::to_string(read_share_table(root).rows.size())}}};
}

FileSummary summarise_space(const YamlValue& root) {
  const Job job = read_space(root).job;
  FileSummary summary{.facts = {{"NPUs", job.npus}}};
  for (std::string Job::*const word : division_decisions()) {
    if (!(job.*word).empty()) summary.facts.emplace_back(typed_name(job_option(word)), job.*word);
  }
  return summary;
}

FileSummary summarise_hardware(const YamlValue& root) {
  FileSummary summary;
  for (const HardwareClass& each : free_hardware_fields().read(root).classes) {
    summary.facts.emplace_back(each.links.price_class, fmt::format("up to {:g} GB/s", each.most_gb_per_s));
  }
  return summary;
}

FileSummary summarise_calibration(const YamlValue& root) {
  const Calibration calibration = read_calibration(root);
  return {.facts = {{"kinds of NPU", std::to_string(calibration.npus.size())},
                    {"kinds of links", std::to_string(calibration.fabrics.size())}}};
}

FileSummary summarise_divisions(const YamlValue& root) {
  return {.facts = {{"models", std::to_string(named_division_fields().read(root).models.size())}}};
}

FileSummary summarise_recipes(const YamlValue& root) {
  return {.facts = {{"recipes", std::to_string(run_recipe_fields().read(root).recipes.size())}}};
}

// The summaries of formats/ take the root out of a sample.
template <FileSummary (*summarise)(const Sample&)>
FileSummary of_root(const YamlValue& root) {
  return summarise({.root = root});
}

bool fits(const FieldList& keys, const YamlValue& root) {
  try {
    keys.require_keys(root);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace

std::span<const InputReader> input_readers() {
  static const std::vector<InputReader> readers = {
      {"layer-table",
       {&layer_table_fields().list(), &transformer_table_fields().list(), &renamed_table_fields().list()},
       of_root<summarise_model>},
      {"transformer", {&architecture_fields().list()}, summarise_architecture},
      {"image-network", {&image_model_keys(), &adversarial_model_keys()}, summarise_images},
      {"machine", {&machine_fields().list()}, summarise_machine},
      {"npu", {&npu_fields().list()}, summarise_npu},
      {"library", {&library_fields().list()}, of_root<summarise_system>},
      {"prices", {&price_list_fields().list()}, summarise_prices},
      {"tiers", {&tier_fields().list()}, summarise_tiers},
      {"experiment", {&experiment_keys()}, summarise_experiment},
      {"space", {&space_fields().list()}, summarise_space},
      {"hardware", {&free_hardware_fields().list()}, summarise_hardware},
      {"shares", {&share_table_fields().list()}, summarise_shares},
      {"calibration", {&calibration_fields().list()}, summarise_calibration},
      {"divisions", {&named_division_fields().list()}, summarise_divisions},
      {"recipes", {&run_recipe_fields().list()}, summarise_recipes},
      // Last: name and help alone fit a network as it is built, but are a library's.
      {"network", {&network_fields().list(), &graph_file_fields().list()}, of_root<summarise_network>}};
  return readers;
}

const InputReader* find_input_reader(const YamlValue& root) {
  const auto readers = input_readers();
  const std::string_view declared = root.declared_kind();
  if (!declared.empty()) {
    require_known_kind(root);
    const std::string_view kind = input_kind(declared).name;
    return &*std::find_if(readers.begin(), readers.end(),
                          [&](const InputReader& reader) { return reader.kind == kind; });
  }
  for (const InputReader& reader : readers) {
    if (std::any_of(reader.keys.begin(), reader.keys.end(),
                    [&](const FieldList* keys) { return fits(*keys, root); })) {
      return &reader;
    }
  }
  return nullptr;
}

FileSummary summarise_limits(const std::filesystem::path& file) {
  return {.facts = {{"classes of links", std::to_string(read_link_limits(file).size())}}};
}

std::optional<FileSummary> summarise_hugging_face(const YamlValue& root) {
  if (!root.is_map() || !root.find("model_type")) return std::nullopt;
  const std::string& file = root.place().file;
  const TransformerArchitecture model = read_hugging_face(read_text_file(file), file);
  FileSummary summary = summary_of(model);
  if (!model.left_out.empty()) summary.ignored = {model.left_out};
  return summary;
}

std::optional<MeasurementFile> summarise_measurements(const std::filesystem::path& file) {
  constexpr std::string_view of_validation = "`validate --data FOLDER` takes it, by its name";
  if (file.filename() == "link_limits.csv") {
    return MeasurementFile{"figures and pages of experiments draw it, from the inputs' folder",
                           summarise_limits(file)};
  }
  if (file.filename() == "step_errors.csv") {
    return MeasurementFile{"`validate --step-errors` writes it, `estimate` reads it from the inputs' folder",
                           {.facts = {{"rows", std::to_string(read_step_errors(file.string()).size())},
                                      {"measured", "errors of steps that were left out, for intervals"}}}};
  }
  const auto kinds = data_set_kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const DataSetKind& row) {
    return file.filename().string() == fmt::format("{}.csv", row.name);
  });
  if (kind == kinds.end() && file.extension() == ".csv" && is_data_set(file)) {
    FileSummary summary;
    for (const DataSet& set : read_data_sets(file)) {
      summary.facts.emplace_back(fmt::format("rows of {}", measured_name(set.what)),
                                 std::to_string(set.rows.size()));
    }
    return MeasurementFile{of_validation, std::move(summary)};
  }
  if (kind == kinds.end()) return std::nullopt;
  return MeasurementFile{of_validation,
                         {.facts = {{"rows", std::to_string(read_data_set(*kind, file).rows.size())},
                                    {"measured", std::string(kind->help)}}}};
}

}  // namespace bandwright
