#include "network/flows/flow_table.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/error.h"

namespace bandwright {
namespace {

constexpr int capacity_bits = 60;   // of the largest capacity, so that sums of rates have room
constexpr int most_unit_bits = 36;  // so that 2^50 bytes x 10^12 x 2^k fit 128 bits
constexpr int least_bits = 24;      // of the smallest
constexpr std::int64_t ps_per_s = 1'000'000'000'000;

}  // namespace

FlowTable::FlowTable(std::span<const double> bytes_per_second)
    : links_(bytes_per_second.size()),
      capacity_(bytes_per_second.size()),
      holder_(bytes_per_second.size(), nobody) {
  double largest = 0.0;
  double smallest = std::numeric_limits<double>::infinity();
  for (const double capacity : bytes_per_second) {
    if (capacity == 0.0) continue;
    largest = std::max(largest, capacity);
    smallest = std::min(smallest, capacity);
  }
  if (largest == 0.0) return;
  unit_bits_ = std::min(capacity_bits - std::ilogb(largest), most_unit_bits);
  unit_ = std::ldexp(1.0, unit_bits_);
  if (!(smallest * unit_ >= std::ldexp(1.0, least_bits))) {
    throw InputError("the slowest and the fastest link of a network are too far apart to share flows");
  }
  for (std::size_t i = 0; i < links_.size(); ++i) capacity_[i] = std::llround(bytes_per_second[i] * unit_);
}

FlowId FlowTable::plan(std::span<const FlowStep> way, std::int64_t bytes) {
  assert(!way.empty() && bytes > 0);
  const auto hops = static_cast<std::uint32_t>(way.size());
  auto id = static_cast<FlowId>(flows_.size());
  if (unused_flows_.empty()) {
    flows_.emplace_back();
    given_.emplace_back();
  } else {
    id = unused_flows_.back();
    unused_flows_.pop_back();
  }
  Flow& flow = flows_[id];
  if (flow.room < hops) {
    if (flow.room > 0) steps_.give_back(flow.first, flow.room);
    flow.room = std::bit_ceil(hops);
    flow.first = steps_.take(flow.room);
  }
  flow.remaining = (static_cast<Wide>(bytes) * ps_per_s) << unit_bits_;
  flow.hops = hops;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  bool whole = true;
  for (std::uint32_t hop = 0; hop < hops; ++hop) {
    const FlowStep& step = way[hop];
    const bool all = step.share == FlowStep::whole;
    const std::int64_t capacity = capacity_[step.link];
    const std::int64_t level = all ? capacity : level_of_shares(capacity, step.share);
    steps_[flow.first + hop].link = step.link;
    whole = whole && all;
    if (level > least || (level == least && step.link > flow.narrowest)) continue;
    least = level;
    flow.narrowest = step.link;
  }
  flow.before = least;
  if (!whole || !shares_.empty()) note_shares(flow.first, way);
  if (least == 0) throw std::logic_error("a flow over a failed link");
  return id;
}

void FlowTable::note_shares(std::uint32_t first, std::span<const FlowStep> way) {
  if (shares_.empty()) {
    for (Link& link : links_) link.free_share *= FlowStep::whole;
  }
  shares_.resize(std::max(steps_.size(), shares_.size()), FlowStep::whole);
  for (std::size_t hop = 0; hop < way.size(); ++hop) shares_[first + hop] = way[hop].share;
}

bool FlowTable::take_alone(FlowId id) {
  const Flow& flow = flows_[id];
  for (std::uint32_t step = flow.first; step < flow.first + flow.hops; ++step) {
    FlowId& holder = holder_[steps_[step].link];
    if (holder == nobody) {
      holder = id;
      continue;
    }
    while (step-- > flow.first) holder_[steps_[step].link] = nobody;
    return false;
  }
  return true;
}

double FlowTable::used(LinkId id) const {
  const FlowId holder = holder_[id];
  if (holder == nobody || holder == several) return static_cast<double>(links_[id].used) / unit_;
  const Flow& flow = flows_[holder];
  std::uint32_t step = flow.first;
  while (steps_[step].link != id) ++step;
  return static_cast<double>(taken(flow.before, step)) / unit_;
}

double FlowTable::rate(FlowId id) const {
  const Flow& flow = flows_[id];
  return static_cast<double>(flow.batch == listed ? given_[id].rate : flow.before) / unit_;
}

}  // namespace bandwright
