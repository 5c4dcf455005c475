#include "collective/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "collective/phases.h"
#include "core/error.h"

namespace bandwright {
namespace {

std::int64_t gathered(std::int64_t shard, int npus) {
  if (shard > (std::int64_t{1} << 60) / npus) throw InputError("an all-gather of more than 2^60 bytes");
  return shard * npus;
}

class Planner {
 public:
  Planner(const Collective& collective, const Group& group, const Network& network, const Library& library,
          std::span<const double> bandwidth, const PhaseTimer& time_of)
      : collective_(collective), group_(group), library_(library), time_of_(time_of) {
    for (const GroupDimension& part : group.dimensions) {
      wires_.emplace_back(library, network, part, bandwidth[static_cast<std::size_t>(part.dimension)]);
      npus_.push_back(part.npus);
      ns_per_byte_.push_back(1e9 / bandwidth[static_cast<std::size_t>(part.dimension)] /
                             library.bytes_per_second_unit());
    }
  }

  CollectivePlan plan() {
    const int chunks = chunk_count();
    const std::vector<DimensionOrder> orders = chunk_scheduler(library_.scheduler).orders(problem(chunks));
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

  // As many as the library cuts into, but no more than leave a byte to each message.
  [[nodiscard]] int chunk_count() const {
    const bool whole = collective_.kind == CollectiveKind::PointToPoint && npus_.size() == 1;
    double smallest = 1.0;  // message, of the bytes of a chunk
    double entered = 1.0;
    DimensionOrder ascending(wires_.size());
    std::iota(ascending.begin(), ascending.end(), std::uint8_t{0});
    for_each_phase(collective_.kind, library_.composition, ascending,
                   [&](CollectiveKind kind, std::uint8_t part) {
                     for (const Block& block : program(kind, part, 0)) {
                       const double message =
                           static_cast<double>(block.message.count) / static_cast<double>(block.message.of);
                       smallest = std::min(smallest, entered * message);
                     }
                     if (kind == CollectiveKind::ReduceScatter) entered /= npus_[part];
                     if (kind == CollectiveKind::AllGather) entered *= npus_[part];
                   });
    const double most = to_double(collective_.bytes) * smallest;
    return std::clamp(static_cast<int>(std::min(most, 1e9)), 1, whole ? 1 : library_.chunks);
  }

  [[nodiscard]] Program program(CollectiveKind kind, std::uint8_t part, int parity) const {
    const Wire& wire = wires_[part];
    const CollectiveAlgorithm* named =
        named_algorithm(library_, group_.dimensions[part].dimension, wire.kind(), kind);
    return algorithm_for(named, wire.kind(), kind, wire.npus()).program(kind, wire.npus(), parity);
  }

  [[nodiscard]] ChunkProblem problem(int chunks) const {
    double bytes = to_double(collective_.bytes) / chunks;
    if (collective_.kind == CollectiveKind::AllGather) {
      for (const int n : npus_) bytes *= n;
    }
    return {npus_, ns_per_byte_, bytes, chunks};
  }

  void add(const Key& key) {
    const auto [known, fresh] = index_of_.try_emplace(key, static_cast<std::uint32_t>(result_.plans.size()));
    if (fresh) result_.plans.push_back(chunk_plan(key));
    result_.plan_of_chunk.push_back(known->second);
  }

  [[nodiscard]] ChunkPlan chunk_plan(const Key& key) const {
    ChunkPlan plan;
    std::int64_t bytes = key.bytes;
    for_each_phase(
        collective_.kind, library_.composition, key.order, [&](CollectiveKind kind, std::uint8_t part) {
          const Wire& wire = wires_[part];
          Phase phase{
              .kind = kind, .part = part, .program = sized(program(kind, part, key.parity), wire, bytes)};
          phase.duration = time_of_ ? time_of_(group_.dimensions[part], wire, phase.program)
                                    : program_time(wire, phase.program);
          phase.bytes = program_bytes(wire, phase.program);
          plan.push_back(std::move(phase));
          if (kind == CollectiveKind::ReduceScatter) bytes = wire.part(bytes, wire.npus());
          if (kind == CollectiveKind::AllGather) bytes = gathered(bytes, wire.npus());
        });
    return plan;
  }

  Collective collective_;
  const Group& group_;
  const Library& library_;
  const PhaseTimer& time_of_;
  std::vector<Wire> wires_;
  std::vector<int> npus_;
  std::vector<double> ns_per_byte_;
  std::map<Key, std::uint32_t> index_of_;
  CollectivePlan result_;
};

}  // namespace

CollectivePlan plan_collective(const Collective& collective, const Group& group, const Network& network,
                               const Library& library, std::span<const double> bandwidth,
                               const PhaseTimer& time_of) {
  if (collective.bytes <= Bytes(0)) {
    throw InputError(fmt::format("{} of 0 B, expected at least 1 B", collective_name(collective.kind)));
  }
  return Planner(collective, group, network, library, bandwidth, time_of).plan();
}

}  // namespace bandwright
