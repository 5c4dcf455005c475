// CPU seconds of flows against SimGrid's on the same messages: a table of ratios. Each side plays in this
// process or a child of it, without setting up; the less of three runs.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "network/builders.h"
#include "simulator/player/player.h"
#include "simulator/transport/flow_network.h"
#include "tests/support/flow_rounds.h"

namespace bandwright {
namespace {

double spent_cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Subject {
  std::string name;
  std::string words;  // of the network
  RoutingOptions routing;
  std::string algorithm;
  Collective collective;
  bool against = true;  // SimGrid as well
};

double our_seconds(const Subject& subject, const NetworkGraph& graph, Time& step_time) {
  const Network network = parse_network(fmt::format("Switch({})", graph.npus()));
  Library library;
  library.chunks = 1;
  library.network = NetworkModel::Flows;
  library.algorithms.by_kind = {{"Switch", subject.algorithm}};
  const std::vector<double> bandwidth = {50.0};
  const FlowNetwork built{.graph = graph, .routing = subject.routing};
  const Step step = lone_collective(network, subject.collective);
  const double begin = spent_cpu_seconds();
  step_time = simulate_full({step, network, library, bandwidth, {}, &built}).step_time;
  return spent_cpu_seconds() - begin;
}

// The messages of the collective, round by round.
RoundsCase messages_of(const Subject& subject, const NetworkGraph& graph) {
  const auto n = static_cast<std::uint32_t>(graph.npus());
  const std::int64_t bytes = subject.collective.bytes.value();
  if (subject.algorithm == "ring") {
    return rounds_over(graph, subject.routing, n, static_cast<int>(2 * n - 2), bytes / n,
                       [n](int, std::uint32_t rank) { return (rank + 1) % n; });
  }
  return rounds_over(
      graph, subject.routing, n, static_cast<int>(n - 1), bytes / n,
      [n](int r, std::uint32_t rank) { return (rank + static_cast<std::uint32_t>(r) + 1) % n; });
}

void print(const Subject& subject) {
  const NetworkGraph graph = build_graph(subject.words, {gib_per_s(50), nanoseconds(500)});
  double ours = 1e300;
  double theirs = 1e300;
  Time step_time;
  for (int run = 0; run < 3; ++run) ours = std::min(ours, our_seconds(subject, graph, step_time));
  if (subject.against) {
    const RoundsCase one = messages_of(subject, graph);
    for (int run = 0; run < 3; ++run)
      theirs = std::min(theirs, simgrid_rounds(one.capacity, one.rounds, Senders::Ranks).cpu_s);
  }
  fmt::print("{:<34} {:>12} {:>9.4f} {:>9} {:>7}\n", subject.name, fmt::format("{:.3f} ms", to_ms(step_time)),
             ours, subject.against ? fmt::format("{:.4f}", theirs) : "-",
             subject.against ? fmt::format("{:.1f}", theirs / ours) : "-");
  std::fflush(stdout);
}

void run() {
  constexpr std::int64_t size = 64 << 20;
  const RoutingOptions ecmp{.routing = Routing::Ecmp};
  const RoutingOptions spray{.routing = Routing::Spray};
  const Collective reduce{CollectiveKind::AllReduce, Bytes(size)};
  const Collective exchange{CollectiveKind::AllToAll, Bytes(size)};
  const std::string tree64 = "FatTree(64, radix 8)";
  const std::string tree256 = "FatTree(256, radix 16)";
  const std::string tree1024 = "FatTree(1024, radix 16)";
  fmt::print("{:<34} {:>12} {:>9} {:>9} {:>7}\n", "case", "step", "CPU-s", "SimGrid", "ratio");
  std::fflush(stdout);
  print({"ring all-reduce, 64", tree64, ecmp, "ring", reduce});
  print({"ring all-reduce, 256", tree256, ecmp, "ring", reduce});
  print({"all-to-all by rounds, ECMP, 64", tree64, ecmp, "halving-doubling", exchange});
  print({"all-to-all by rounds, ECMP, 256", tree256, ecmp, "halving-doubling", exchange});
  print({"all-to-all by rounds, ECMP, 1024", tree1024, ecmp, "halving-doubling", exchange, false});
  print({"all-to-all by rounds, spray, 1024", tree1024, spray, "halving-doubling", exchange, false});
  print({"all-to-all at once, spray, 1024", tree1024, spray, "direct", exchange, false});
  print({"all-to-all at once, ECMP, 64", tree64, ecmp, "direct", exchange, false});
  print({"all-to-all at once, ECMP, 1024", tree1024, ecmp, "direct", exchange, false});
}

}  // namespace
}  // namespace bandwright

int main() { bandwright::run(); }
