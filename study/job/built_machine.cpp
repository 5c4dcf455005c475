#include "study/job/built_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>

#include "core/fields.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "cost_model/bill.h"
#include "formats/load.h"
#include "formats/load_graph.h"
#include "plan/hardware/free_hardware.h"
#include "study/job/bandwidths.h"
#include "study/job/job_options.h"
#include "study/job/job_step.h"
#include "training/collective_time.h"

namespace bandwright {
namespace {

Npu read_npu(const std::filesystem::path& file) {
  Npu npu = npu_fields().read(YamlValue::load(file));
  npu.constants = npu_constants(shipped_calibration(), npu.constants_name);
  return npu;
}

// The class of links of a kind, or of any where there is none, whose bandwidth is the nearest.
const FabricDimension& nearest_links(const FreeHardware& hardware, const DimensionKind& kind,
                                     double gb_per_s) {
  const FabricDimension* best = nullptr;
  double least = 0.0;
  for (const HardwareClass& each : hardware.classes) {
    const bool other_kind = each.links.kind != &kind;
    const double distance = std::abs(std::log(each.links.gb_per_s / gb_per_s)) + (other_kind ? 1e3 : 0.0);
    if (best != nullptr && distance >= least) continue;
    best = &each.links;
    least = distance;
  }
  return *best;
}

// The budget in equal shares: of GB/s, or of what as much of each dimension costs.
double equal_share(const Job& job, const Network& network) {
  if (job.budget.empty()) throw InputError("missing budget: --budget, or --bandwidth of each dimension");
  const Budget budget = read_word(job, &Job::budget, parse_budget);
  if (const auto* bandwidth = std::get_if<Bandwidth>(&budget)) return bandwidth->value() / network.size();
  const std::vector<double> prices = unit_prices(network, load_any_prices(word_of(job, &Job::prices)));
  return std::get<Money>(budget).value() / std::accumulate(prices.begin(), prices.end(), 0.0);
}

LogicalGrid grid_of(const Job& job) {
  LogicalGrid grid{.network = network_of(job)};
  std::vector<double> gb_per_s = given_bandwidths(job, grid.network);
  if (gb_per_s.empty()) gb_per_s.assign(grid.network.dimensions.size(), equal_share(job, grid.network));
  for (const double each : gb_per_s) grid.bandwidth.emplace_back(each);
  return grid;
}

}  // namespace

std::optional<FlowNetwork> built_network(const Job& job, const Library& library) {
  if (job.network.empty() || !names_graph(job.network)) return std::nullopt;
  if (!job.classes.empty()) {
    throw InputError(
        fmt::format("--classes is for grids: the links of {} have classes of their own", job.network));
  }
  GraphDefaults defaults{.bandwidth = std::nullopt, .latency = library.latency_of(0)};
  if (!job.bandwidth.empty()) {
    const double given = read_word(job, &Job::bandwidth, parse_gb_per_s);
    defaults.bandwidth = Bandwidth(given * library.unit_gb_per_s());
  }
  return FlowNetwork{.graph = load_graph(job.network, defaults)};
}

Npu load_npu(std::string_view word) {
  if (is_written_out(word) || find_input("npus", word) || word.find('/') != std::string_view::npos ||
      word.ends_with(".yaml")) {
    return read_npu(input_file("npus", word, "NPU"));
  }
  std::optional<Npu> best;
  for (const std::string& name : input_names("npus")) {
    const bool begins = name.size() > word.size() && equal_ignoring_case(name.substr(0, word.size()), word) &&
                        name[word.size()] == '-';
    if (!begins) continue;
    Npu npu = read_npu(input_file("npus", name, "NPU"));
    if (!best || npu.memory_bytes > best->memory_bytes) best = std::move(npu);
  }
  return best ? *best : read_npu(input_file("npus", word, "NPU"));
}

Machine machine_on(const LogicalGrid& grid, const Npu& npu) {
  const FreeHardware hardware = load_free_hardware("usual");
  Machine machine{.name = npu.name, .npu = npu};
  for (std::size_t d = 0; d < grid.network.dimensions.size(); ++d) {
    const Dimension& own = grid.network.dimensions[d];
    FabricDimension dimension = nearest_links(hardware, *own.kind, grid.bandwidth[d].value());
    dimension.kind = own.kind;
    dimension.npus = own.npus;
    dimension.price_class = own.price_class;
    dimension.gb_per_s = grid.bandwidth[d].value();
    machine.dimensions.push_back(std::move(dimension));
  }
  return machine;
}

Machine machine_of_npu(const Job& job, const Library& library) {
  if (!job.machine.empty()) throw InputError("--npu and --machine: one or the other");
  if (job.network.empty()) {
    throw InputError(
        "--npu needs a network: a grid, such as Ring(8)_Switch(128), or one as it is built, such as "
        "RailOptimised(128x8, bandwidth 50); with its own there is --machine");
  }
  const std::optional<FlowNetwork> built = built_network(job, library);
  return machine_on(built ? logical_grid(built->graph) : grid_of(job), read_word(job, &Job::npu, load_npu));
}

Machine with_switches_of(Machine machine, const NetworkGraph& graph, std::int64_t npus,
                         std::vector<std::string>& notes) {
  const Network grid = machine.network(npus);
  if (npus > graph.npus()) return machine;
  for (std::size_t d = 0; d < grid.dimensions.size(); ++d) {
    double& in_switch = machine.dimensions[d].software.in_switch;
    if (in_switch <= 0.0 || switches_join(graph, grid, d)) continue;
    in_switch = 0.0;
    notes.push_back(fmt::format(
        "{} has no switches that join the {} NPUs of a line of dimension {}: nothing is reduced in "
        "the switch, as {} does by itself",
        graph.name, grid.dimensions[d].npus, d + 1, machine.name));
  }
  return machine;
}

void note_reduction_in_switches(const Machine& machine, const Step& step, std::vector<std::string>& notes) {
  std::set<std::pair<std::string, int>> seen;
  for (const GroupCollective& call : step.collectives) {
    const Group& group = step.groups[call.group];
    const double gain = in_switch_gain(machine, group, call.collective.kind);
    if (gain <= 1.0 || !seen.emplace(group.name, group.dimensions.front().dimension).second) continue;
    notes.push_back(fmt::format(
        "all-reduces of {} are reduced in the switch, as in `estimate`: played as messages between its "
        "NPUs of {:.2f} times the bytes",
        group.name, 1.0 / gain));
  }
}

}  // namespace bandwright
