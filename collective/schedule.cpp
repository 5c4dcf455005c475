#include "collective/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace bandwright {
namespace {

// A phase before it is priced.
struct Step {
  CollectiveKind kind;
  std::uint8_t part;
};

std::vector<Step> steps_of(CollectiveKind kind, Composition composition, const DimensionOrder& order) {
  std::vector<Step> steps;
  const bool outermost_first = kind == CollectiveKind::AllGather || kind == CollectiveKind::Broadcast;
  if (kind != CollectiveKind::AllReduce || composition == Composition::Plain) {
    for (const std::uint8_t part : order) steps.push_back({kind, part});
    if (outermost_first) std::reverse(steps.begin(), steps.end());
    return steps;
  }
  for (const std::uint8_t part : order) steps.push_back({CollectiveKind::ReduceScatter, part});
  steps.back().kind = CollectiveKind::AllReduce;
  for (std::size_t i = order.size() - 1; i-- > 0;) steps.push_back({CollectiveKind::AllGather, order[i]});
  return steps;
}

std::int64_t gathered(std::int64_t shard, int npus) {
  if (shard > (std::int64_t{1} << 60) / npus) throw InputError("an all-gather of more than 2^60 bytes");
  return shard * npus;
}

class Planner {
 public:
  Planner(const Collective& collective, const Group& group, const Network& network, const System& system,
          std::span<const double> bandwidth)
      : collective_(collective), system_(system) {
    for (const GroupDimension& part : group.dimensions) {
      dimensions_.push_back(part.dimension);
      wires_.emplace_back(system, network, part, bandwidth[static_cast<std::size_t>(part.dimension)]);
      npus_.push_back(part.npus);
      ns_per_byte_.push_back(1e9 / bandwidth[static_cast<std::size_t>(part.dimension)] /
                             system.bytes_per_second_unit());
    }
  }

  CollectivePlan plan() {
    const int wanted =
        collective_.kind == CollectiveKind::PointToPoint && npus_.size() == 1 ? 1 : system_.chunks;
    const auto chunks = static_cast<int>(std::min<std::int64_t>(wanted, collective_.bytes.value()));
    const std::vector<DimensionOrder> orders = chunk_scheduler(system_.scheduler).orders(problem(chunks));
    const std::int64_t size = collective_.bytes.value() / chunks;
    const std::int64_t larger = collective_.bytes.value() % chunks;  // chunks that carry a byte more
    for (int chunk = 0; chunk < chunks; ++chunk) {
      const auto index = static_cast<std::size_t>(chunk);
      add({size + (chunk < larger ? 1 : 0), chunk % 2, orders[index]});
    }
    return std::move(result_);
  }

 private:
  struct Key {  // chunks that agree in it share a plan
    std::int64_t bytes;
    int parity;
    DimensionOrder order;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  [[nodiscard]] ChunkProblem problem(int chunks) const {
    const CollectiveKind kind = collective_.kind;
    double bytes = to_double(collective_.bytes) / chunks;
    if (kind == CollectiveKind::AllGather) {
      for (const int n : npus_) bytes *= n;
    }
    return {npus_, ns_per_byte_, bytes, chunks, kind == CollectiveKind::AllReduce ? 2.0 : 1.0};
  }

  void add(const Key& key) {
    const auto [known, fresh] = index_of_.try_emplace(key, static_cast<std::uint32_t>(result_.plans.size()));
    if (fresh) result_.plans.push_back(chunk_plan(key));
    result_.plan_of_chunk.push_back(known->second);
  }

  [[nodiscard]] ChunkPlan chunk_plan(const Key& key) const {
    ChunkPlan plan;
    std::int64_t bytes = key.bytes;
    for (const Step& step : steps_of(collective_.kind, system_.composition, key.order)) {
      const Wire& wire = wires_[step.part];
      const CollectiveAlgorithm& algorithm =
          algorithm_for(system_, dimensions_[step.part], wire.kind(), step.kind, wire.npus());
      Phase phase{.kind = step.kind,
                  .part = step.part,
                  .program = algorithm.program(step.kind, wire, bytes, key.parity)};
      phase.duration = program_time(wire, phase.program);
      phase.bytes = program_bytes(wire, phase.program);
      plan.push_back(std::move(phase));
      if (step.kind == CollectiveKind::ReduceScatter) bytes = wire.part(bytes, wire.npus());
      if (step.kind == CollectiveKind::AllGather) bytes = gathered(bytes, wire.npus());
    }
    return plan;
  }

  Collective collective_;
  const System& system_;
  std::vector<Wire> wires_;
  std::vector<int> dimensions_;  // of the network, by part
  std::vector<int> npus_;
  std::vector<double> ns_per_byte_;
  std::map<Key, std::uint32_t> index_of_;
  CollectivePlan result_;
};

}  // namespace

CollectivePlan plan_collective(const Collective& collective, const Group& group, const Network& network,
                               const System& system, std::span<const double> bandwidth) {
  if (collective.bytes <= Bytes(0)) {
    throw InputError(fmt::format("{} of 0 B, expected at least 1 B", collective_name(collective.kind)));
  }
  return Planner(collective, group, network, system, bandwidth).plan();
}

}  // namespace bandwright
