#include "network/flows/flow_engine.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/error.h"

namespace bandwright {
namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
constexpr int capacity_bits = 60;   // of the largest capacity, so that sums of rates have room
constexpr int most_unit_bits = 36;  // so that 2^50 bytes x 10^12 x 2^k fit 128 bits
constexpr int least_bits = 24;      // of the smallest
constexpr std::int64_t ps_per_s = 1'000'000'000'000;
constexpr int significant_bits = 34;

// What two ways of computing one rate may differ by: floors of divisions.
std::int64_t tolerance(std::int64_t rate) { return 64 + (rate >> 50); }

std::int64_t rounded(std::int64_t rate) {
  const int excess = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(rate))) - significant_bits;
  if (excess <= 0) return rate;
  return (rate + (std::int64_t{1} << (excess - 1))) >> excess << excess;
}

}  // namespace

FlowEngine::FlowEngine(std::span<const double> bytes_per_second) : links_(bytes_per_second.size()) {
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
  for (std::size_t i = 0; i < links_.size(); ++i)
    links_[i].capacity = std::llround(bytes_per_second[i] * unit_);
}

std::uint32_t FlowEngine::take_steps(std::uint32_t hops) {
  const auto size = static_cast<std::size_t>(std::bit_width(hops - 1));
  std::vector<std::uint32_t>& unused = unused_steps_[size];
  if (!unused.empty()) {
    const std::uint32_t first = unused.back();
    unused.pop_back();
    return first;
  }
  const std::size_t first = steps_.size();
  steps_.resize(first + (std::size_t{1} << size));
  if (!shares_.empty()) shares_.resize(steps_.size(), FlowStep::whole);
  if (steps_.size() > none) throw InputError("flows over more than 2^32 links at a time");
  return static_cast<std::uint32_t>(first);
}

FlowId FlowEngine::start(Time now, std::span<const FlowStep> way, std::int64_t bytes) {
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
  const bool whole =
      std::all_of(way.begin(), way.end(), [](const FlowStep& step) { return step.share == FlowStep::whole; });
  if (!whole && shares_.empty()) {
    shares_.assign(std::max<std::size_t>(steps_.size(), 1), FlowStep::whole);
    for (Link& link : links_) link.free_share *= FlowStep::whole;
  }
  Flow& flow = flows_[id];
  flow = {.remaining = (static_cast<Wide>(bytes) * ps_per_s) << unit_bits_,
          .last = now.value(),
          .first = take_steps(hops),
          .hops = hops,
          .pass = pass_};
  given_[id] = {};
  for (std::uint32_t hop = 0; hop < hops; ++hop) {
    Link& link = links_[way[hop].link];
    if (link.capacity == 0) throw std::logic_error("a flow over a failed link");
    steps_[flow.first + hop] = {way[hop].link, static_cast<std::uint32_t>(link.flows.size())};
    if (!shares_.empty()) shares_[flow.first + hop] = way[hop].share;
    link.flows.push_back({id, hop});
    link.free_share += share_of(flow.first + hop);
    note(way[hop].link);
  }
  freed_.push_back(id);
  ++free_;
  changed_ = true;
  return id;
}

// Notes a link that may hold free flows, once in a pass.
void FlowEngine::note(LinkId id) {
  Link& link = links_[id];
  if (link.opened_pass == pass_) return;
  link.opened_pass = pass_;
  opened_.push_back(id);
}

void FlowEngine::remove(FlowId id) {
  const Flow& flow = flows_[id];
  const Given given = given_[id];
  for (std::uint32_t step = flow.first; step < flow.first + flow.hops; ++step) {
    Link& link = links_[steps_[step].link];
    link.used -= taken(given.rate, step);
    const Occupant last = link.flows.back();
    const std::uint32_t place = steps_[step].place;
    link.flows[place] = last;
    steps_[flows_[last.flow].first + last.hop].place = place;
    link.flows.pop_back();
    if (link.bound > 0 && !link.flows.empty()) left_.push_back(steps_[step].link);
  }
  --links_[given.bottleneck].bound;
  unused_steps_[static_cast<std::size_t>(std::bit_width(flow.hops - 1))].push_back(flow.first);
  unused_flows_.push_back(id);
  changed_ = true;
}

// Takes a flow's rate away until the pass gives it a new one.
void FlowEngine::free_flow(FlowId id) {
  Flow& flow = flows_[id];
  const std::int64_t rate = given_[id].rate;
  --links_[given_[id].bottleneck].bound;
  given_[id] = {};
  ++free_;
  if (flow.pass != pass_) {
    flow.pass = pass_;
    flow.before = rate;
    freed_.push_back(id);
  }
  for (std::uint32_t step = flow.first; step < flow.first + flow.hops; ++step) {
    const LinkId link = steps_[step].link;
    links_[link].used -= taken(rate, step);
    links_[link].free_share += share_of(step);
    levelling_ ? push_level(link) : note(link);
  }
}

void FlowEngine::free_bound(LinkId id) {
  const Link& link = links_[id];
  for (std::size_t i = 0; link.bound > 0; ++i) {
    if (given_[link.flows[i].flow].bottleneck == id) free_flow(link.flows[i].flow);
  }
}

void FlowEngine::push_level(LinkId id) {
  Link& link = links_[id];
  const std::int64_t level = level_of(link.capacity - link.used, link.free_share);
  if (link.key_pass == pass_ && level >= link.key) return;
  link.key_pass = pass_;
  link.key = level;
  levels_.push_back({level, id});
  std::push_heap(levels_.begin(), levels_.end());
}

void FlowEngine::begin_levels() {
  levels_.clear();
  for (const LinkId id : opened_) {
    Link& link = links_[id];
    if (link.free_share == 0) continue;
    link.key_pass = pass_;
    link.key = level_of(link.capacity - link.used, link.free_share);
    levels_.push_back({link.key, id});
  }
  std::make_heap(levels_.begin(), levels_.end());
}

void FlowEngine::refill(Time now) {
  if (!changed_) return;
  for (const LinkId link : left_) free_bound(link);
  for (const FlowId flow : freed_) {
    if (flows_[flow].pass == pass_ && given_[flow].rate == 0) place_lone(flow);
  }
  level_links();
  move(now);
}

void FlowEngine::refill_all(Time now) {
  for (LinkId link = 0; link < links_.size(); ++link) left_.push_back(link);
  changed_ = true;
  refill(now);
}

// A flow that has all its links to itself is as fast as the narrowest: no level is asked.
void FlowEngine::place_lone(FlowId id) {
  const Flow& flow = flows_[id];
  LinkId narrowest = none;
  std::int64_t least = never;
  for (std::uint32_t step = flow.first; step < flow.first + flow.hops; ++step) {
    const LinkId link = steps_[step].link;
    if (links_[link].flows.size() > 1) return;
    const std::int64_t level = level_of(links_[link].capacity, share_of(step));
    if (level > least || (level == least && link > narrowest)) continue;
    least = level;
    narrowest = link;
  }
  place_at(id, narrowest, least);
}

// Raises the water, lowest link first. A key is a lower bound of its link's level.
void FlowEngine::level_links() {
  if (free_ == 0) return;
  begin_levels();
  levelling_ = true;
  while (free_ > 0) {
    assert(!levels_.empty());
    stop_.look_now_and_then();
    std::pop_heap(levels_.begin(), levels_.end());
    const auto [key, id] = levels_.back();
    levels_.pop_back();
    Link& link = links_[id];
    if (key != link.key) continue;
    link.key = never;
    if (link.free_share == 0) continue;
    const std::int64_t level = level_of(link.capacity - link.used, link.free_share);
    if (level > key || wake_faster(id, level)) {
      push_level(id);
    } else {
      settle(id, level);
    }
  }
  levelling_ = false;
}

// Frees the flows on a link that are faster than its level, and would be still with them: they have to fall.
bool FlowEngine::wake_faster(LinkId id, std::int64_t level) {
  const Link& link = links_[id];
  scratch_.clear();
  if (shares_.empty() && link.free_share == static_cast<std::int64_t>(link.flows.size())) return false;
  std::int64_t capacity = link.capacity - link.used;
  std::int64_t shares = link.free_share;
  const std::int64_t still_right = level + tolerance(level);
  for (std::uint32_t place = 0; place < link.flows.size(); ++place) {
    const Occupant& occupant = link.flows[place];
    const std::int64_t rate = given_[occupant.flow].rate;
    if (rate <= still_right) continue;
    scratch_.push_back(place);
    const std::uint32_t step = flows_[occupant.flow].first + occupant.hop;
    capacity += taken(rate, step);
    shares += share_of(step);
  }
  for (bool dropped = !scratch_.empty(); dropped;) {
    const std::int64_t common = level_of(capacity, shares);
    const auto slower = [&](std::uint32_t place) {
      const Occupant& occupant = link.flows[place];
      const std::int64_t rate = given_[occupant.flow].rate;
      if (rate > common + tolerance(common)) return false;
      const std::uint32_t step = flows_[occupant.flow].first + occupant.hop;
      capacity -= taken(rate, step);
      shares -= share_of(step);
      return true;
    };
    const auto end = std::remove_if(scratch_.begin(), scratch_.end(), slower);
    dropped = end != scratch_.end();
    scratch_.erase(end, scratch_.end());
  }
  for (const std::uint32_t place : scratch_) {
    const FlowId flow = link.flows[place].flow;
    if (given_[flow].rate > 0) free_flow(flow);
  }
  return !scratch_.empty();
}

// The link is full at this level: it is the bottleneck of its free flows.
void FlowEngine::settle(LinkId id, std::int64_t level) {
  scratch_.clear();
  for (const Occupant& occupant : links_[id].flows) {
    if (given_[occupant.flow].rate == 0) scratch_.push_back(occupant.flow);
  }
  woken_.clear();
  for (const FlowId flow : scratch_) {
    if (given_[flow].rate == 0) place_at(flow, id, level);
  }
  for (const LinkId link : woken_) free_bound(link);
}

void FlowEngine::place_at(FlowId id, LinkId bottleneck, std::int64_t level) {
  const Flow& flow = flows_[id];
  const bool same = std::abs(level - flow.before) <= tolerance(level) && flow.before > 0;
  const std::int64_t rate = same ? flow.before : level;
  if (rate <= 0) throw std::logic_error("a flow was given no rate");
  given_[id] = {rate, bottleneck};
  --free_;
  ++links_[bottleneck].bound;
  for (std::uint32_t step = flow.first; step < flow.first + flow.hops; ++step) {
    const LinkId other = steps_[step].link;
    Link& link = links_[other];
    link.used += taken(rate, step);
    link.free_share -= share_of(step);
    if (rate < flow.before && link.bound > 0 && other != bottleneck) woken_.push_back(other);
  }
}

// Only flows whose rounded rate is another one move on and end at another time.
void FlowEngine::move(Time now) {
  for (const FlowId id : freed_) {
    Flow& flow = flows_[id];
    if (flow.pass != pass_) continue;
    flow.pass = 0;
    flow.before = 0;
    const std::int64_t rate = rounded(given_[id].rate);
    if (rate == flow.moving) continue;
    const Wide moved = static_cast<Wide>(flow.moving) * static_cast<Wide>(now.value() - flow.last);
    flow.remaining -= std::min(moved, flow.remaining);
    flow.last = now.value();
    flow.moving = rate;
    const Wide speed = static_cast<Wide>(rate);
    const Wide end = (flow.remaining + speed - 1) / speed + static_cast<Wide>(now.value());
    ends_.set(id, end < static_cast<Wide>(never) ? static_cast<std::int64_t>(end) : never);
    ++rates_changed_;
  }
  freed_.clear();
  opened_.clear();
  left_.clear();
  changed_ = false;
  ++pass_;
}

}  // namespace bandwright
