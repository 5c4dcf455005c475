// CPU seconds of flows against SimGrid's on the same messages: a table of ratios. Each side plays in this
// process or a child of it, without setting up; the least of three runs, of SimGrid in its faster mode. An
// argument is a part of the names of the cases to run.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <utility>

#include "network/builders.h"
#include "simulator/player/play.h"
#include "simulator/player/player.h"
#include "simulator/transport/flow_network.h"
#include "tests/support/flow_rounds.h"

namespace bandwright {
namespace {

std::string_view wanted;

double spent_cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// A collective of all NPUs, or of groups of every n-th, over a network; and its messages for SimGrid.
struct Subject {
  std::string name;
  std::string words;  // of the network
  RoutingOptions routing;
  std::string algorithm;
  Collective collective;
  int chunks = 1;
  int strided = 0;       // groups of every so many NPUs; 0: all are one
  bool at_once = false;  // messages of all rounds together
  bool against = true;   // SimGrid as well
  Time hop = nanoseconds(500);
};

double our_seconds(const Subject& subject, const NetworkGraph& graph, Time& step_time) {
  const std::int64_t n = graph.npus();
  const Network network = parse_network(
      subject.strided > 0 ? fmt::format("Switch({})_Switch({})", subject.strided, n / subject.strided)
                          : fmt::format("Switch({})", n));
  Library library;
  library.chunks = subject.chunks;
  library.network = NetworkModel::Flows;
  library.algorithms.by_kind = {{"Switch", subject.algorithm}};
  const std::vector<double> bandwidth(network.dimensions.size(), 50.0);
  const FlowNetwork built{.graph = graph, .routing = subject.routing};
  Step step = lone_collective(network, subject.collective);
  if (subject.strided > 0) {
    StepBuilder one("strided",
                    split_into_groups(network, {{"in", subject.strided}, {"out", n / subject.strided}}),
                    {"line"});
    one.collective({}, {subject.collective, 1}, {});
    step = std::move(one).finish();
  }
  const Scenario whole{step, network, library, bandwidth, {}, &built};
  const RankedStep ranked = of_one_kind(whole);
  const Scenario scenario{ranked.graph, network, library, bandwidth, {}, &built};
  Player player(scenario, ranked, nullptr, false);
  const double begin = spent_cpu_seconds();
  step_time = player.run({}).step_time;
  return spent_cpu_seconds() - begin;
}

// The messages of the collective, round by round.
RoundsCase messages_of(const Subject& subject, const NetworkGraph& graph) {
  const auto n = static_cast<std::uint32_t>(graph.npus());
  const std::uint32_t stride = std::max(1, subject.strided);
  const std::uint32_t members = n / stride;
  const std::int64_t bytes = subject.collective.bytes.value() / subject.chunks;
  if (subject.algorithm == "ring") {
    return rounds_over(graph, subject.routing, n, static_cast<int>(2 * members - 2), bytes / members,
                       [&](int, std::uint32_t rank) { return (rank + stride) % n; });
  }
  if (subject.collective.kind == CollectiveKind::AllToAll) {
    return rounds_over(
        graph, subject.routing, n, static_cast<int>(n - 1), bytes / n,
        [n](int r, std::uint32_t rank) { return (rank + static_cast<std::uint32_t>(r) + 1) % n; });
  }
  std::vector<std::uint32_t> distances;
  for (std::uint32_t d = 1; d < n; d *= 2) distances.push_back(d);
  for (std::uint32_t d = n / 2; d > 0; d /= 2) distances.push_back(d);
  RoundsCase all;
  for (int chunk = 0; chunk < subject.chunks; ++chunk) {
    for (const std::uint32_t distance : distances) {
      RoundsCase one = rounds_over(graph, subject.routing, n, 1, bytes / (2 * distance),
                                   [&](int, std::uint32_t rank) { return rank ^ distance; });
      all.capacity = std::move(one.capacity);
      all.rounds.push_back(std::move(one.rounds.front()));
    }
  }
  return all;
}

// With lazy updates of rates, which is the faster way where rounds follow each other; at once, where lazy
// updates take minutes, with all of them anew.
double simgrid_seconds(const Subject& subject, const RoundsCase& one) {
  double least = 1e300;
  for (int run = 0; run < 3; ++run) {
    const double cpu_s = subject.at_once ? simgrid_at_once(one.capacity, one.rounds, Updates::Full).cpu_s
                                         : simgrid_rounds(one.capacity, one.rounds, Senders::Ranks).cpu_s;
    least = std::min(least, cpu_s);
  }
  return least;
}

void print(const Subject& subject) {
  if (subject.name.find(wanted) == std::string::npos) return;
  const NetworkGraph graph = build_graph(subject.words, {gib_per_s(50), subject.hop});
  double ours = 1e300;
  Time step_time;
  for (int run = 0; run < 3; ++run) ours = std::min(ours, our_seconds(subject, graph, step_time));
  const double theirs = subject.against ? simgrid_seconds(subject, messages_of(subject, graph)) : 0.0;
  fmt::print("{:<38} {:>12} {:>9.4f} {:>9} {:>7}\n", subject.name, fmt::format("{:.3f} ms", to_ms(step_time)),
             ours, subject.against ? fmt::format("{:.4f}", theirs) : "-",
             subject.against ? fmt::format("{:.1f}", theirs / ours) : "-");
  std::fflush(stdout);
}

RoutingOptions by_hash() { return {.routing = Routing::Ecmp}; }
constexpr Bytes size{64 << 20};
constexpr Collective reduce{CollectiveKind::AllReduce, size};
constexpr Collective exchange{CollectiveKind::AllToAll, size};
constexpr const char* tree64 = "FatTree(64, radix 8)";
constexpr const char* tree256 = "FatTree(256, radix 16)";
constexpr const char* tree1024 = "FatTree(1024, radix 16)";

void run_rings() {
  print({"ring all-reduce, 64", tree64, by_hash(), "ring", reduce});
  print({"ring all-reduce, 256", tree256, by_hash(), "ring", reduce});
  print({.name = "32 strided rings, Ring(1024)",
         .words = "Torus(1024)",
         .routing = {},
         .algorithm = "ring",
         .collective = reduce,
         .strided = 32});
  print({.name = "64 strided rings, tree of 1024, ECMP",
         .words = tree1024,
         .routing = by_hash(),
         .algorithm = "ring",
         .collective = reduce,
         .strided = 64});
}

void run_halving_doubling() {
  for (const auto& [npus, chunks] : {std::pair(64, 16), {256, 16}, {1024, 1}}) {
    print({.name = fmt::format("halving-doubling, Ring({}){}", npus,
                               chunks > 1 ? fmt::format(" x{}", chunks) : ""),
           .words = fmt::format("Torus({})", npus),
           .routing = {},
           .algorithm = "halving-doubling",
           .collective = reduce,
           .chunks = chunks});
  }
}

void run_exchanges() {
  const std::string rounds = "halving-doubling";
  print({"all-to-all by rounds, ECMP, 64", tree64, by_hash(), rounds, exchange});
  print({"all-to-all by rounds, ECMP, 256", tree256, by_hash(), rounds, exchange});
  print({.name = "all-to-all at once, ECMP, 64",
         .words = tree64,
         .routing = by_hash(),
         .algorithm = "direct",
         .collective = exchange,
         .at_once = true,
         .hop = Time(0)});
  for (const std::string& algorithm : {rounds, std::string("direct")}) {
    for (const Routing routing : {Routing::Ecmp, Routing::Spray}) {
      print({.name = fmt::format("all-to-all {}, {}, 1024", algorithm == rounds ? "by rounds" : "at once",
                                 routing == Routing::Ecmp ? "ECMP" : "spray"),
             .words = tree1024,
             .routing = {.routing = routing},
             .algorithm = algorithm,
             .collective = exchange,
             .against = false});
    }
  }
}

void run(std::string_view names) {
  wanted = names;
  fmt::print("{:<38} {:>12} {:>9} {:>9} {:>7}\n", "case", "step", "CPU-s", "SimGrid", "ratio");
  std::fflush(stdout);
  run_rings();
  run_halving_doubling();
  run_exchanges();
}

}  // namespace
}  // namespace bandwright

int main(int count, char** words) { bandwright::run(count > 1 ? words[1] : ""); }
