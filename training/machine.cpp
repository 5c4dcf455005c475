#include "training/machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/cut.h"
#include "core/paths.h"
#include "core/text.h"

namespace bandwright {
namespace {

Software read_software(const YamlValue& map) {
  map.require_keys({"low_latency", "in_switch"});
  Software software{.copies = true};
  if (const auto share = map.find("low_latency")) software.low_latency = share->as_number(0.01, 1.0);
  if (const auto share = map.find("in_switch")) software.in_switch = share->as_number(0.01, 1.0);
  return software;
}

FabricDimension read_dimension(const YamlValue& map, bool outermost) {
  map.require_keys({"kind", "npus", "class", "bandwidth", "fabric", "group_share", "part_share", "nccl"});
  FabricDimension result;
  result.dimension.kind = &map.at("kind").parsed(
      "a dimension kind", [](std::string_view name) -> const DimensionKind& { return dimension_kind(name); });
  if (const auto npus = map.find("npus")) {
    result.dimension.npus = static_cast<int>(npus->as_integer(2, max_npus));
  } else if (!outermost) {
    map.fail("npus: missing; only the outermost dimension may be left to the job");
  }
  result.dimension.price_class = map.at("class").as_string();
  result.gb_per_s = map.at("bandwidth").as_bandwidth().value();
  if (result.gb_per_s <= 0.0) map.at("bandwidth").fail("expected more than 0");
  result.constants_name = map.at("fabric").as_string();
  if (const auto nccl = map.find("nccl")) result.software = read_software(*nccl);
  if (const auto share = map.find("part_share")) result.part_share = share->as_number(0.001, 1.0);
  if (const auto shares = map.find("group_share")) {
    result.group_share.assign(2, 1.0);
    for (const YamlValue& share : shares->items()) result.group_share.push_back(share.as_number(0.001, 1.0));
  }
  return result;
}

MeasuredRates read_measured(const YamlValue& map) {
  constexpr double highest_rate = 1e15;
  map.require_keys({"model", "source", "items_per_second"});
  MeasuredRates measured{.model = map.at("model").as_string(), .source = map.at("source").as_string()};
  const YamlValue rates = map.at("items_per_second");
  for (const auto& [npus, rate] : rates.entries()) {
    const double value = rate.as_amount(1e-6, highest_rate);
    if (!(value > 0.0)) rate.fail("must be above 0");
    try {
      measured.items_per_second[static_cast<int>(parse_integer(npus, 1, max_npus))] = value;
    } catch (const InputError& error) {
      rate.fail(error.what());
    }
  }
  return measured;
}

template <class Constants>
const Constants& constants_of(const std::vector<std::pair<std::string, Constants>>& all,
                              std::string_view name, std::string_view what) {
  std::vector<std::string_view> names;
  for (const auto& [known, constants] : all) {
    if (known == name) return constants;
    names.emplace_back(known);
  }
  throw InputError(fmt::format("no fitted constants of {} '{}'{} (choices: {})", what, name,
                               did_you_mean(name, names), fmt::join(names, ", ")));
}

NpuConstants read_npu_constants(const YamlValue& map) {
  map.require_keys({"gemm_efficiency", "memory_efficiency", "kernel_overhead_us", "slice_ns", "sustained",
                    "host_us", "source"});
  return {map.at("gemm_efficiency").as_number(0.01, 2.0),   map.at("memory_efficiency").as_number(0.01, 2.0),
          map.at("kernel_overhead_us").as_number(0.0, 1e3), map.at("slice_ns").as_number(0.0, 1e5),
          map.at("sustained").as_number(0.01, 2.0),         map.at("host_us").as_number(0.0, 1e4)};
}

FabricConstants read_fabric_constants(const YamlValue& map) {
  map.require_keys({"efficiency", "latency_us", "step_us", "source"});
  return {map.at("efficiency").as_number(0.001, 2.0), map.at("latency_us").as_number(0.0, 1e5),
          map.at("step_us").as_number(0.0, 1e4)};
}

[[noreturn]] void reject_npus(const Machine& machine, std::int64_t npus, std::int64_t unit) {
  const std::int64_t below = std::max(unit, npus / unit * unit);
  throw InputError(fmt::format("{} NPUs do not fill the dimensions of {} (nearest counts that do: {}, {})",
                               npus, machine.name, below, below + unit));
}

// What a machine names stands in its file, and an error should say where.
void check_constants(const YamlValue& root, const Calibration& calibration) {
  const auto check = [](const YamlValue& name, const auto& all, std::string_view what) {
    name.parsed("a name", [&](std::string_view word) { return &constants_of(all, word, what); });
  };
  check(root.at("npu").at("constants"), calibration.npus, "NPU kind");
  for (const YamlValue& dimension : root.at("dimensions").items()) {
    check(dimension.at("fabric"), calibration.fabrics, "fabric");
  }
}

}  // namespace

double FabricDimension::share(int npus) const {
  if (group_share.empty()) return 1.0;
  return group_share[std::min(static_cast<std::size_t>(npus), group_share.size() - 1)];
}

const MeasuredRates* Machine::find_measured(std::string_view model) const {
  const auto found = std::find_if(measured.begin(), measured.end(), [&](const MeasuredRates& one) {
    return equal_ignoring_case(one.model, model);
  });
  return found == measured.end() ? nullptr : &*found;
}

Network Machine::network(std::int64_t npus) const {
  if (npus < 1 || npus > max_npus) {
    throw InputError(fmt::format("{} NPUs, expected 1 to {}", npus, max_npus));
  }
  Network network{.name = name};
  std::int64_t left = npus;
  std::int64_t unit = 1;
  for (const FabricDimension& fabric : dimensions) {
    if (left == 1) break;
    Dimension dimension = fabric.dimension;
    const auto extent = static_cast<std::int64_t>(dimension.npus);
    if (extent == 0 || left < extent) {
      dimension.npus = static_cast<int>(left);
    } else if (left % extent != 0) {
      reject_npus(*this, npus, unit * extent);
    }
    left /= dimension.npus;
    unit *= dimension.npus;
    network.dimensions.push_back(dimension);
  }
  if (left > 1) {
    throw InputError(fmt::format("{} NPUs, but {} has at most {}", npus, name, unit));
  }
  return network;
}

std::vector<double> Machine::gb_per_s(const Network& network) const {
  std::vector<double> result;
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) result.push_back(dimensions[d].gb_per_s);
  return result;
}

Calibration read_calibration(const YamlValue& root) {
  root.require_keys({"help", "npus", "fabrics"});
  Calibration calibration;
  for (const auto& [name, map] : root.at("npus").entries()) {
    calibration.npus.emplace_back(name, read_npu_constants(map));
    calibration.sources.emplace_back(name, map.at("source").as_string());
  }
  for (const auto& [name, map] : root.at("fabrics").entries()) {
    calibration.fabrics.emplace_back(name, read_fabric_constants(map));
    calibration.sources.emplace_back(name, map.at("source").as_string());
  }
  return calibration;
}

Calibration shipped_calibration() {
  return read_calibration(YamlValue::load(inputs_folder() / "calibration.yaml"));
}

const NpuConstants& npu_constants(const Calibration& calibration, std::string_view name) {
  return constants_of(calibration.npus, name, "NPU kind");
}

void calibrate(Machine& machine, const Calibration& calibration) {
  machine.npu.constants = npu_constants(calibration, machine.npu.constants_name);
  for (FabricDimension& dimension : machine.dimensions) {
    dimension.constants = constants_of(calibration.fabrics, dimension.constants_name, "fabric");
  }
}

Machine read_machine(const YamlValue& root) {
  root.require_keys({"name", "help", "npu", "dimensions", "measured"});
  Machine machine{.name = root.at("name").as_string(), .npu = read_npu(root.at("npu"))};
  const std::vector<YamlValue> dimensions = root.at("dimensions").items();
  if (dimensions.empty() || dimensions.size() > max_dimensions) {
    root.at("dimensions").fail(fmt::format("expected 1 to {} dimensions", max_dimensions));
  }
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    machine.dimensions.push_back(read_dimension(dimensions[d], d + 1 == dimensions.size()));
  }
  if (const auto measured = root.find("measured")) {
    for (const YamlValue& one : measured->items()) machine.measured.push_back(read_measured(one));
  }
  return machine;
}

Machine load_machine(std::string_view word) {
  const YamlValue root = YamlValue::load(input_file("machines", word, "system"));
  Machine machine = read_machine(root);
  const Calibration calibration = shipped_calibration();
  check_constants(root, calibration);
  calibrate(machine, calibration);
  return machine;
}

}  // namespace bandwright
