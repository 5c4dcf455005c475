#include "network/flows/flow_engine.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <stdexcept>

namespace bandwright {
namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
constexpr int significant_bits = 34;

// What two ways of computing one rate may differ by: floors of divisions.
std::int64_t tolerance(std::int64_t rate) { return 64 + (rate >> 50); }

std::int64_t rounded(std::int64_t rate) {
  const int excess = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(rate))) - significant_bits;
  if (excess <= 0) return rate;
  return (rate + (std::int64_t{1} << (excess - 1))) >> excess << excess;
}

}  // namespace

void FlowEngine::begin(Time now, FlowId id) {
  Flow& flow = flows_[id];
  flow.last = now.value();
  flow.moving = 0;
  changed_ = true;
  if (take_alone(id)) {
    flow.batch = new_lone;
    return new_lone_.push_back(id);
  }
  for (std::uint32_t step = flow.first; step < flow.first + flow.hops; ++step) {
    const FlowId holder = holder_[steps_[step].link];
    if (holder != nobody && holder != several) enlist_lone(holder);
  }
  enlist(id, {});
}

// Puts a flow in the lists of its links, with the rate that it has; without one it is free.
void FlowEngine::enlist(FlowId id, const Given& given) {
  Flow& flow = flows_[id];
  const bool free = given.rate == 0;
  given_[id] = given;
  flow.before = 0;
  flow.batch = listed;
  flow.pass = free ? pass_ : 0;
  for (std::uint32_t hop = 0; hop < flow.hops; ++hop) {
    const std::uint32_t step = flow.first + hop;
    const LinkId at = steps_[step].link;
    Link& link = links_[at];
    holder_[at] = several;
    steps_[step].place = static_cast<std::uint32_t>(link.flows.size());
    link.flows.push_back({id, hop});
    if (free) {
      link.free_share += share_of(step);
      note(at);
    } else {
      link.used += taken(given.rate, step);
    }
  }
  if (!free) {
    ++links_[given.bottleneck].bound;
    return;
  }
  freed_.push_back(id);
  ++free_;
}

// Somebody else comes to a link of a lone flow.
void FlowEngine::enlist_lone(FlowId id) {
  const Flow& flow = flows_[id];
  if (flow.batch == new_lone) return enlist(id, {});
  ends_.set(id, lone_ends_.leave(flow.batch));
  enlist(id, {flow.before, flow.narrowest});
}

// A flow that has all its links to itself is as fast as the narrowest.
void FlowEngine::place_all_lone(Time now) {
  for (const FlowId id : new_lone_) {
    Flow& flow = flows_[id];
    if (flow.batch != new_lone) continue;
    flow.moving = rounded(flow.before);
    flow.batch = lone_ends_.add(id, end_of(flow, now));
    ++rates_changed_;
  }
  new_lone_.clear();
  lone_ends_.close();
}

// Of a flow with so many bytes left now.
std::int64_t FlowEngine::end_of(const Flow& flow, Time now) {
  if (flow.remaining != known_remaining_ || flow.moving != known_moving_) {
    const Wide speed = static_cast<Wide>(flow.moving);
    const Wide duration = (flow.remaining + speed - 1) / speed;
    known_remaining_ = flow.remaining;
    known_moving_ = flow.moving;
    known_duration_ = duration < static_cast<Wide>(never) ? static_cast<std::int64_t>(duration) : never;
  }
  return known_duration_ < never - now.value() ? known_duration_ + now.value() : never;
}

// Takes flows that end now off their links, lowest first.
void FlowEngine::collect_ended(Time now) {
  ended_.clear();
  while (!lone_ends_.empty() && lone_ends_.first_time() <= now.value()) {
    lone_ends_.take_first(ended_,
                          [&](FlowId flow, std::uint32_t batch) { return flows_[flow].batch == batch; });
  }
  while (!ends_.empty() && ends_.first_time() <= now.value()) {
    ended_.push_back(ends_.first());
    ends_.erase(ends_.first());
  }
  if (!std::is_sorted(ended_.begin(), ended_.end())) std::sort(ended_.begin(), ended_.end());
  for (const FlowId flow : ended_) remove(flow);
  changed_ = changed_ || !ended_.empty();
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
  if (flow.batch != listed) {
    for (std::uint32_t step = flow.first; step < flow.first + flow.hops; ++step)
      holder_[steps_[step].link] = nobody;
    return;
  }
  const Given given = given_[id];
  for (std::uint32_t step = flow.first; step < flow.first + flow.hops; ++step) {
    Link& link = links_[steps_[step].link];
    link.used -= taken(given.rate, step);
    const Occupant last = link.flows.back();
    const std::uint32_t place = steps_[step].place;
    link.flows[place] = last;
    steps_[flows_[last.flow].first + last.hop].place = place;
    link.flows.pop_back();
    if (link.flows.empty()) {
      holder_[steps_[step].link] = nobody;
    } else if (link.bound > 0) {
      left_.push_back(steps_[step].link);
    }
  }
  --links_[given.bottleneck].bound;
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
  const std::int64_t level = level_of(capacity_[id] - link.used, link.free_share);
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
    link.key = level_of(capacity_[id] - link.used, link.free_share);
    levels_.push_back({link.key, id});
  }
  std::make_heap(levels_.begin(), levels_.end());
}

void FlowEngine::refill(Time now) {
  if (!changed_) return;
  place_all_lone(now);
  for (const LinkId link : left_) free_bound(link);
  for (const FlowId flow : freed_) {
    if (flows_[flow].pass == pass_ && given_[flow].rate == 0) place_lone(flow);
  }
  level_links();
  move(now);
}

void FlowEngine::refill_all(Time now) {
  for (LinkId link = 0; link < links_.size(); ++link) {
    if (holder_[link] != nobody && holder_[link] != several) enlist_lone(holder_[link]);
    left_.push_back(link);
  }
  changed_ = true;
  refill(now);
}

// A flow that all others have left is as fast as the narrowest of its links: no level is asked.
void FlowEngine::place_lone(FlowId id) {
  const Flow& flow = flows_[id];
  LinkId narrowest = none;
  std::int64_t least = never;
  for (std::uint32_t step = flow.first; step < flow.first + flow.hops; ++step) {
    const LinkId link = steps_[step].link;
    if (links_[link].flows.size() > 1) return;
    const std::int64_t level = level_of(capacity_[link], share_of(step));
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
    const std::int64_t level = level_of(capacity_[id] - link.used, link.free_share);
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
  std::int64_t capacity = capacity_[id] - link.used;
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
    ends_.set(id, end_of(flow, now));
    ++rates_changed_;
  }
  freed_.clear();
  opened_.clear();
  left_.clear();
  changed_ = false;
  ++pass_;
}

}  // namespace bandwright
