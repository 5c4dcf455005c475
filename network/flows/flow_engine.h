#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/stopping.h"
#include "core/units.h"
#include "network/flows/completion_heap.h"
#include "network/flows/flow_table.h"
#include "network/flows/lone_ends.h"

namespace bandwright {

// Flows that share links, max-min fairly: no flow could be faster without one that is not faster becoming
// slower still. Each flow has a bottleneck, a link that is full and on which no flow is faster.
//
//   link  A 10 [=f=][=g=======]      f 3 by its link B, g 7 by A; when f ends, g alone is given a new rate
//   link  B  3 [=f=]
//
// When flows start or end, only those whose rates can change are looked at: the flows whose bottleneck an
// ended flow leaves are free, and water rises on the links that hold free flows, lowest level first. Flows
// that are faster than the level of such a link fall and free what they held back elsewhere; all others keep
// rate and end. One pass is enough, as a flow that falls was above the level. The result is that of
// progressive filling of everything (Bertsekas and Gallager, Data Networks, 6.5.2).
//
// Rates are whole numbers of 2^-k byte/s, so that sums are exact in any order; bytes move at the rate rounded
// to 34 significant bits, so that the last bits of a division decide nothing. Time is whole picoseconds,
// upwards.
//
// One moment's events are told in any order, then refill() shares capacity anew:
//
//   take_ended(t, ...), start(t, ...), ...  refill(t)   next_end() is valid until the next start
//
// A flow that has all its links to itself is lone: its links know no more than its name, it is as fast as the
// narrowest, and ends with those that were given the same end in the same refill. It joins the lists of its
// links when somebody else comes to one of them.
class FlowEngine : private FlowTable {
 public:
  // Capacity of each link in byte/s; 0 is a failed one, which no flow may take. Throws InputError for links
  // whose speeds are too far apart (2^36).
  explicit FlowEngine(std::span<const double> bytes_per_second) : FlowTable(bytes_per_second) {}

  using FlowTable::flows_on, FlowTable::plan, FlowTable::rate, FlowTable::used;
  // REQUIRES a flow that is planned, and now no earlier than in any call before.
  void begin(Time now, FlowId id);
  FlowId start(Time now, std::span<const FlowStep> way, std::int64_t bytes) {
    const FlowId id = plan(way, bytes);
    begin(now, id);
    return id;
  }
  // Shares capacity after flows have started or ended.
  void refill(Time now);
  // The same from nothing: every flow anew. Slow; what refill() is tested against.
  void refill_all(Time now);

  [[nodiscard]] bool idle() const { return ends_.empty() && lone_ends_.empty(); }
  // When the next flow ends. REQUIRES !idle(). May be beyond clock_end.
  [[nodiscard]] Time next_end() const {
    if (lone_ends_.empty()) return Time(ends_.first_time());
    if (ends_.empty()) return Time(lone_ends_.first_time());
    return Time(std::min(ends_.first_time(), lone_ends_.first_time()));
  }
  // Takes the flows that end now off their links and calls visit(flow) for each, lowest first; their ids may
  // be used again afterwards.
  template <class Visit>
  void take_ended(Time now, Visit&& visit) {
    collect_ended(now);
    for (const FlowId flow : ended_) visit(flow);
    unused_flows_.insert(unused_flows_.end(), ended_.rbegin(), ended_.rend());
  }

  [[nodiscard]] bool changed() const { return changed_; }                      // since the last refill
  [[nodiscard]] std::int64_t rates_changed() const { return rates_changed_; }  // so far

 private:
  struct Level {
    std::int64_t key;
    LinkId link;
    friend bool operator<(const Level& a, const Level& b) {  // for a heap with the lowest on top
      return a.key != b.key ? a.key > b.key : a.link > b.link;
    }
  };

  void enlist(FlowId flow, const Given& given);
  void enlist_lone(FlowId flow);
  void place_all_lone(Time now);
  void collect_ended(Time now);
  void remove(FlowId flow);
  void note(LinkId link);
  void free_flow(FlowId flow);
  void free_bound(LinkId link);
  void begin_levels();
  void push_level(LinkId link);
  void place_lone(FlowId flow);
  void level_links();
  bool wake_faster(LinkId link, std::int64_t level);
  void settle(LinkId link, std::int64_t level);
  void place_at(FlowId flow, LinkId link, std::int64_t level);
  std::int64_t end_of(const Flow& flow, Time now);
  void move(Time now);

  CompletionHeap ends_;  // of flows that are not lone
  LoneEnds lone_ends_;
  std::vector<FlowId> ended_;
  // The last division of bytes by a rate: many flows are alike.
  Wide known_remaining_ = 0;
  std::int64_t known_moving_ = 0;
  std::int64_t known_duration_ = 0;

  // Of a pass.
  std::uint32_t pass_ = 1;
  bool changed_ = false;
  bool levelling_ = false;
  std::int64_t free_ = 0;       // flows
  std::vector<LinkId> opened_;  // links that may hold free flows
  std::vector<LinkId> left_;    // bottlenecks that a flow has left
  std::vector<FlowId> freed_;
  std::vector<FlowId> new_lone_;  // some of them no longer
  std::vector<Level> levels_;
  std::vector<FlowId> scratch_;
  std::vector<LinkId> woken_;
  std::int64_t rates_changed_ = 0;
  StopCheck stop_;
};

}  // namespace bandwright
