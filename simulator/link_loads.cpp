#include "simulator/link_loads.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>

#include "core/error.h"
#include "core/stopping.h"
#include "network/link_classes.h"
#include "simulator/player/seats.h"
#include "simulator/transport/flow_network.h"

namespace bandwright {
namespace {

std::uint64_t pair_of(NodeId from, NodeId to) { return (std::uint64_t{from} << 32) | to; }
NodeId sender(std::uint64_t pair) { return static_cast<NodeId>(pair >> 32); }
NodeId receiver(std::uint64_t pair) { return static_cast<NodeId>(pair); }

// Bytes from each NPU to each other.
using Traffics = std::unordered_map<std::uint64_t, double>;

// Of one round, from position to position of a line of so many.
Traffics on_a_line(const Block& block, int round, int npus) {
  Traffics bytes;
  for (int position = 0; position < npus; ++position) {
    const int count = block.pattern->sends(npus, block, round, position);
    for (int i = 0; i < count; ++i) {
      const int peer = block.pattern->peer(npus, block, round, position, i);
      bytes[pair_of(static_cast<NodeId>(position), static_cast<NodeId>(peer))] +=
          static_cast<double>(block.bytes);
    }
  }
  return bytes;
}

// The links of a network with the routes over them.
class LoadedLinks {
 public:
  explicit LoadedLinks(const Scenario& scenario)
      : built_(*scenario.built),
        routes_(built_.graph, built_.routing),
        of_class_(class_gb_per_s(built_.graph)) {
    if (built_.routing.routing == Routing::Adaptive || built_.routing.routing == Routing::Ugal) {
      throw InputError(fmt::format("--routing {}: ways that depend on load carry no bytes known beforehand",
                                   routing_name(built_.routing.routing)));
    }
    links_of_shared_.resize(routes_.shared_count());
    for (LinkId link = 0; link < built_.graph.links.size(); ++link) {
      if (!built_.graph.links[link].failed) ++links_of_shared_[routes_.shared(link)];
    }
    find_cuts();
  }

  [[nodiscard]] NodeId place(std::int64_t npu) const {
    return built_.order.empty() ? static_cast<NodeId>(npu) : built_.order[static_cast<std::size_t>(npu)];
  }

  // Adds what a link carries to each of what flows share.
  void carry(const Traffics& traffic, std::vector<double>& carried) {
    carried.resize(links_of_shared_.size());
    for (const auto& [pair, bytes] : traffic) {
      stop_.look_now_and_then();
      for (const FlowStep& step : way(pair)) {
        carried[step.link] += bytes * step.share / (FlowStep::whole * static_cast<double>(parts()));
      }
    }
    for (std::size_t i = 0; i < carried.size(); ++i) carried[i] /= std::max(1U, links_of_shared_[i]);
  }

  // The fullest link of each class.
  [[nodiscard]] WireLoads::Turn fullest(const std::vector<double>& carried) const {
    WireLoads::Turn turn(of_class_.size());
    for (LinkId id = 0; id < built_.graph.links.size(); ++id) {
      const GraphLink& link = built_.graph.links[id];
      if (link.failed) continue;
      const double bytes = carried[routes_.shared(id)];
      Load& load = turn[link.link_class];
      load.dims = only_dimension(link.link_class);
      load.bytes = std::max(load.bytes, bytes * of_class_[link.link_class] / link.bandwidth.value());
    }
    std::erase_if(turn, [](const Load& load) { return load.bytes <= 0.0; });
    return turn;
  }

  // By class, per NPU.
  [[nodiscard]] std::vector<double> sent(const std::vector<double>& carried) const {
    std::vector<double> bytes(of_class_.size());
    for (LinkId id = 0; id < built_.graph.links.size(); ++id) {
      if (built_.graph.links[id].failed) continue;
      bytes[built_.graph.links[id].link_class] += carried[routes_.shared(id)];
    }
    for (double& each : bytes) each /= 2.0 * static_cast<double>(built_.graph.npus());  // out and in
    return bytes;
  }

  [[nodiscard]] WireLoads::Turn cut(const Traffics& traffic) const {
    std::map<DimensionSet, double> most;
    for (const Parts& parts : cuts_) {
      std::vector<double> out(parts.widest.size());
      std::vector<double> in(parts.widest.size());
      for (const auto& [pair, bytes] : traffic) {
        const std::uint32_t a = parts.of_node[sender(pair)];
        const std::uint32_t b = parts.of_node[receiver(pair)];
        if (a == b) continue;
        out[a] += bytes;
        in[b] += bytes;
      }
      for (std::size_t p = 0; p < out.size(); ++p) {
        if (out[p] > 0.0) add(parts.widest[p], out[p], most);
        if (in[p] > 0.0) add(parts.widest_in[p], in[p], most);
      }
    }
    WireLoads::Turn turn;
    for (const auto& [dims, bytes] : most) turn.push_back({dims, bytes});
    return turn;
  }

 private:
  struct Widest {  // what leads out of a part, or into it
    DimensionSet dims = 0;
    double share = 0.0;  // the largest of a class, in its bandwidth per NPU
  };
  struct Parts {  // that a network falls into without links of some classes
    std::vector<std::uint32_t> of_node;
    std::vector<Widest> widest;  // of each part
    std::vector<Widest> widest_in;
  };

  [[nodiscard]] std::uint32_t parts() const { return static_cast<std::uint32_t>(built_.routing.queue_pairs); }

  static void add(const Widest& widest, double bytes, std::map<DimensionSet, double>& most) {
    double& busy = most[widest.dims];
    busy = std::max(busy, bytes / widest.share);
  }

  // The steps of all parts of a message.
  std::span<const FlowStep> way(std::uint64_t pair) {
    const auto [known, fresh] = ways_.try_emplace(pair);
    if (fresh) {
      known->second.first = steps_.size();
      for (std::uint32_t part = 0; part < parts(); ++part) {
        routes_.find(
            sender(pair), receiver(pair), part, [](LinkId) { return 0.0; }, way_);
        steps_.insert(steps_.end(), way_.steps.begin(), way_.steps.end());
      }
      known->second.count = steps_.size() - known->second.first;
    }
    return std::span(steps_).subspan(known->second.first, known->second.count);
  }

  // Without the links of one class, of two, and of all.
  void find_cuts() {
    const std::size_t classes = of_class_.size();
    for (std::size_t a = 0; a < classes; ++a) {
      for (std::size_t b = a; b < classes; ++b) {
        add_cut(only_dimension(static_cast<int>(a)) | only_dimension(static_cast<int>(b)));
      }
    }
    if (classes > 2) add_cut((DimensionSet{1} << classes) - 1);
  }

  void add_cut(DimensionSet without) {
    const NetworkGraph& graph = built_.graph;
    std::vector<std::uint32_t> root(graph.nodes.size());
    std::iota(root.begin(), root.end(), 0U);
    const auto find = [&](std::uint32_t node) {
      while (root[node] != node) node = root[node] = root[root[node]];
      return node;
    };
    for (const GraphLink& link : graph.links) {
      if (!link.failed && !contains(without, link.link_class)) root[find(link.from)] = find(link.to);
    }
    Parts parts;
    std::map<std::uint32_t, std::uint32_t> number;
    for (std::uint32_t node = 0; node < root.size(); ++node) {
      const auto next = static_cast<std::uint32_t>(number.size());
      parts.of_node.push_back(number.try_emplace(find(node), next).first->second);
    }
    if (number.size() == 1) return;
    parts.widest = widest_of(parts.of_node, number.size(), &GraphLink::from);
    parts.widest_in = widest_of(parts.of_node, number.size(), &GraphLink::to);
    cuts_.push_back(std::move(parts));
  }

  [[nodiscard]] std::vector<Widest> widest_of(const std::vector<std::uint32_t>& part_of, std::size_t count,
                                              NodeId GraphLink::*end) const {
    std::vector<double> capacity(count * of_class_.size());
    for (const GraphLink& link : built_.graph.links) {
      if (link.failed || part_of[link.from] == part_of[link.to]) continue;
      capacity[part_of[link.*end] * of_class_.size() + link.link_class] += link.bandwidth.value();
    }
    std::vector<Widest> widest(count);
    for (std::size_t p = 0; p < count; ++p) {
      for (std::size_t c = 0; c < of_class_.size(); ++c) {
        const double gb_per_s = capacity[p * of_class_.size() + c];
        if (gb_per_s <= 0.0) continue;
        widest[p].dims |= only_dimension(static_cast<int>(c));
        widest[p].share = std::max(widest[p].share, gb_per_s / of_class_[c]);
      }
    }
    return widest;
  }

  const FlowNetwork& built_;
  Routes routes_;
  std::vector<double> of_class_;  // GB/s per NPU
  std::vector<std::uint32_t> links_of_shared_;
  struct Stretch {
    std::size_t first = 0;
    std::size_t count = 0;
  };
  std::unordered_map<std::uint64_t, Stretch> ways_;  // into steps_
  std::vector<FlowStep> steps_;
  Routes::Way way_;  // scratch
  std::vector<Parts> cuts_;
  StopCheck stop_;
};

// Turns in which classes are loaded in the same proportions are one.
class Turns {
 public:
  void add(const WireLoads::Turn& turn, double times) {
    if (turn.empty()) return;
    double sum = 0.0;
    for (const Load& load : turn) sum += load.bytes;
    std::vector<std::pair<DimensionSet, std::int64_t>> proportions;
    constexpr double fine = 1e12;
    for (const Load& load : turn) proportions.emplace_back(load.dims, std::llround(load.bytes / sum * fine));
    const auto [known, fresh] = place_.try_emplace(std::move(proportions), course_.size());
    if (fresh) course_.push_back(turn);
    WireLoads::Turn& kept = course_[known->second];
    for (std::size_t i = 0; i < turn.size(); ++i)
      kept[i].bytes = (fresh ? 0.0 : kept[i].bytes) + times * turn[i].bytes;
  }
  [[nodiscard]] WireLoads::Course course() && { return std::move(course_); }

 private:
  std::map<std::vector<std::pair<DimensionSet, std::int64_t>>, std::size_t> place_;
  WireLoads::Course course_;
};

// One collective by all NPUs.
class CallLoads {
 public:
  CallLoads(const Scenario& scenario, const CommunicationPlan& plan, const CommunicationPlan::Call& call,
            LoadedLinks& links)
      : scenario_(scenario), plan_(plan), call_(call), links_(links), turns_(call.queues.size()) {
    std::vector<double> chunks(call.plan.plans.size());  // that follow each plan
    for (const std::uint32_t index : call.plan.plan_of_chunk) ++chunks[index];
    for (std::size_t index = 0; index < chunks.size(); ++index) {
      for (const Phase& phase : call.plan.plans[index]) add(phase, chunks[index]);
    }
  }

  [[nodiscard]] WireLoads::Courses cut() const {
    WireLoads::Turn turn = links_.cut(all_);
    return {turn.empty() ? std::vector<WireLoads::Course>() : std::vector<WireLoads::Course>{{turn}}, {}};
  }
  [[nodiscard]] WireLoads::Courses routed() && {
    std::vector<double> carried;
    links_.carry(all_, carried);
    WireLoads::Courses loads{{}, links_.sent(carried)};
    if (WireLoads::Turn turn = links_.fullest(carried); !turn.empty()) loads.courses.push_back({turn});
    for (Turns& turns : turns_) {
      if (WireLoads::Course course = std::move(turns).course(); !course.empty())
        loads.courses.push_back(std::move(course));
    }
    return loads;
  }

 private:
  // So many chunks go through a phase.
  void add(const Phase& phase, double chunks) {
    const GroupDimension& line = plan_.queues[call_.queues[phase.part]].part;
    const auto all_chunks = static_cast<double>(call_.plan.plan_of_chunk.size());
    for (const Block& block : phase.program) {
      Traffics before;
      WireLoads::Turn turn;
      Traffics traffic;
      for (int round = 0; round < block.rounds; ++round) {
        Traffics own = on_a_line(block, round, line.npus);
        if (round == 0 || own != before) {
          traffic = on_all_lines(own, line);
          std::vector<double> carried;
          links_.carry(traffic, carried);
          turn = links_.fullest(carried);
          before = std::move(own);
        }
        for (std::size_t part = 0; part < turns_.size(); ++part)
          turns_[part].add(turn, part == phase.part ? chunks : chunks / all_chunks);
        for (const auto& [pair, bytes] : traffic) all_[pair] += chunks * bytes;
      }
    }
  }

  [[nodiscard]] Traffics on_all_lines(const Traffics& own, const GroupDimension& part) const {
    const std::vector<double>& efficiency = scenario_.graph.wire_efficiency;
    const double share = efficiency.empty() ? 1.0 : efficiency[static_cast<std::size_t>(part.dimension)];
    Traffics traffic;
    const StopCheck stop;
    for (std::int64_t line = 0; line < scenario_.network.npus() / part.npus; ++line) {
      stop.look();
      const std::int64_t first = line / part.stride * part.stride * part.npus + line % part.stride;
      for (const auto& [pair, bytes] : own) {
        const NodeId from = links_.place(first + sender(pair) * part.stride);
        const NodeId to = links_.place(first + receiver(pair) * part.stride);
        traffic[pair_of(from, to)] += bytes / share;
      }
    }
    return traffic;
  }

  const Scenario& scenario_;
  const CommunicationPlan& plan_;
  const CommunicationPlan::Call& call_;
  LoadedLinks& links_;
  std::vector<Turns> turns_;  // by the group's dimensions
  Traffics all_;
};

}  // namespace

LinkLoads link_loads(const Scenario& scenario) {
  const CommunicationPlan plan = plan_communication(scenario);
  LoadedLinks links(scenario);
  LinkLoads loads;
  for (const CommunicationPlan::Call& call : plan.calls) {
    CallLoads of_call(scenario, plan, call, links);
    loads.cut.push_back(of_call.cut());
    loads.routed.push_back(std::move(of_call).routed());
  }
  return loads;
}

}  // namespace bandwright
