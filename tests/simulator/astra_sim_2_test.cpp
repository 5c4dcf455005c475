#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>

#include "simulator/event_driven.h"
#include "simulator/player/player.h"
#include "tests/support/reference_csv.h"

namespace bandwright {
namespace {

// A run of ASTRA-sim 2, read from its name, such as ar_Switch64_ring_s4_64MB,
// ar_2D_R8_S8_s16_baseline_64MB or ex_ring_all_gather_8.
struct Case {
  std::string network;
  std::vector<double> bandwidth;  // GiB/s of a link
  Library library;
  Collective collective;
};

Library configuration() {
  Library library;
  library.gib = true;
  library.endpoint_delay = nanoseconds(10);
  library.reduction_bandwidth = gb_per_s(1600.0);
  library.latency = {nanoseconds(500)};
  library.algorithms.by_kind = {
      {"Ring", "ring"}, {"FullyConnected", "direct"}, {"Switch", "halving-doubling"}};
  return library;
}

Bytes size_of(std::string_view word) { return word == "1GB" ? Bytes(1 << 30) : Bytes(64 << 20); }

// The networks of more than one dimension: shorthand, bandwidth in GiB/s and latency in ns.
struct Grid {
  std::string_view name;
  std::string_view shorthand;
  std::vector<double> bandwidth;
  std::vector<double> latency_ns;
};
const std::vector<Grid>& grids() {
  static const std::vector<Grid> known = {
      {"2D_R8_S8", "Ring(8)_Switch(8)", {200, 50}, {500, 1000}},
      {"2D_R8_R8", "Ring(8)_Ring(8)", {100, 100}, {500, 500}},
      {"2D_S8_S64", "Switch(8)_Switch(64)", {400, 50}, {500, 1000}},
      {"2D_R32_R32", "Ring(32)_Ring(32)", {100, 100}, {500, 500}},
      {"3D_R8_R8_R16", "Ring(8)_Ring(8)_Ring(16)", {100, 100, 100}, {500, 500, 500}},
      {"3D_R8_F8_S8", "Ring(8)_FullyConnected(8)_Switch(8)", {200, 100 * 7, 50}, {250, 500, 1000}}};
  return known;
}

std::optional<Case> grid_case(const std::string& name) {
  for (const Grid& grid : grids()) {
    const std::string prefix = fmt::format("ar_{}_s", grid.name);
    if (!name.starts_with(prefix)) continue;
    Case run{std::string(grid.shorthand), grid.bandwidth, configuration(), {}};
    const auto words = split(std::string_view(name).substr(prefix.size()), '_');  // chunks, composition, size
    run.library.chunks = std::stoi(std::string(words[0]));
    run.library.composition = words[1] == "baseline" ? Composition::Plain : Composition::Hierarchical;
    run.library.latency.clear();
    for (const double ns : grid.latency_ns) run.library.latency.push_back(nanoseconds(ns));
    run.collective = {CollectiveKind::AllReduce, size_of(words[2])};
    return run;
  }
  return std::nullopt;
}

std::optional<Case> ring_example(const std::string& name) {
  for (const CollectiveKindInfo& kind : collective_kinds()) {
    std::string word = "ex_ring_" + std::string(kind.name) + "_";
    std::replace(word.begin(), word.end(), '-', '_');
    if (!name.starts_with(word)) continue;
    Case run{fmt::format("Ring({})", name.substr(word.size())),
             {50},
             configuration(),
             {kind.kind, Bytes(1 << 20)}};
    run.library.chunks = 4;
    return run;
  }
  return std::nullopt;
}

// ar_<kind><npus>_<algorithm>_s<chunks>_<size>
std::optional<Case> flat_case(const std::string& name) {
  const auto words = split(name, '_');
  if (words.size() != 5 || words[0] != "ar" || words[3].find('a') != std::string_view::npos)
    return std::nullopt;
  const std::size_t digits = words[1].find_first_of("0123456789");
  const std::string kind(words[1].substr(0, digits));
  const std::string npus(words[1].substr(digits));
  const std::string algorithm = words[2] == "halvingDoubling"    ? "halving-doubling"
                                : words[2] == "doubleBinaryTree" ? "double-binary-tree"
                                                                 : std::string(words[2]);
  // Every message at full speed at once, which no wire can do.
  if (algorithm == "direct" && kind != "FullyConnected") return std::nullopt;
  Case run{fmt::format("{}({})", kind, npus),
           {50},
           configuration(),
           {CollectiveKind::AllReduce, size_of(words[4])}};
  if (kind == "FullyConnected") run.bandwidth[0] *= std::stod(npus) - 1;
  run.library.chunks = std::stoi(std::string(words[3].substr(1)));
  run.library.algorithms.by_kind[kind] = algorithm;
  return run;
}

std::optional<Case> case_of(const std::string& name) {
  if (auto run = grid_case(name)) return run;
  if (auto run = ring_example(name)) return run;
  return flat_case(name);
}

TEST(AstraSim2, CongestionUnawareCollectives) {
  const std::vector<ReferenceRow> rows = reference_rows("astra_sim_2_collectives");
  int compared = 0;
  for (const ReferenceRow& row : rows) {
    const std::optional<Case> run = case_of(row.at("name"));
    if (!run) continue;
    const Network network = parse_network(run->network);
    const Step graph = lone_collective(network, run->collective);
    const StepResult result = simulate_folded({graph, network, run->library, run->bandwidth, {}});
    const double measured = std::stod(row.at("max_cycles"));
    EXPECT_NEAR(to_ns(result.step_time), measured, 0.01 * measured) << row.at("name");
    ++compared;
  }
  EXPECT_GE(compared, 90);
}

// Whole messages, node by node, take turns on links there and share them fairly here.
TEST(AstraSim2, CongestionAwareCollectives) {
  int compared = 0;
  for (const ReferenceRow& row : reference_rows("astra_sim_2_aware")) {
    std::optional<Case> run = case_of(row.at("name"));
    if (!run) continue;
    run->library.network = NetworkModel::Flows;
    run->library.forwarding = Forwarding::Whole;
    const Network network = parse_network(run->network);
    const Step graph = lone_collective(network, run->collective);
    const StepResult result = simulate_full({graph, network, run->library, run->bandwidth, {}});
    const double measured = std::stod(row.at("max_cycles"));
    EXPECT_NEAR(to_ns(result.step_time), measured, 0.01 * measured) << row.at("name");
    ++compared;
  }
  EXPECT_GE(compared, 30);
}

}  // namespace
}  // namespace bandwright
