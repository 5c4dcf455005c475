#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/stopping.h"
#include "core/units.h"
#include "network/flows/completion_heap.h"
#include "network/graph.h"

namespace bandwright {

using FlowId = std::uint32_t;

// A link on a flow's way and the share of the flow's bytes that takes it: all of them, or a part where a flow
// is sprayed over several ways.
struct FlowStep {
  LinkId link = 0;
  std::uint32_t share = whole;
  static constexpr int share_bits = 24;
  static constexpr std::uint32_t whole = std::uint32_t{1} << share_bits;
};

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
class FlowEngine {
 public:
  // Capacity of each link in byte/s; 0 is a failed one, which no flow may take. Throws InputError for links
  // whose speeds are too far apart (2^36).
  explicit FlowEngine(std::span<const double> bytes_per_second);

  // REQUIRES a way with links, bytes from 1 to 2^50, and now no earlier than in any call before.
  FlowId start(Time now, std::span<const FlowStep> way, std::int64_t bytes);
  // Shares capacity after flows have started or ended.
  void refill(Time now);
  // The same from nothing: every flow anew. Slow; what refill() is tested against.
  void refill_all(Time now);

  [[nodiscard]] bool idle() const { return ends_.empty(); }
  // When the next flow ends. REQUIRES !idle(). May be beyond clock_end.
  [[nodiscard]] Time next_end() const { return Time(ends_.first_time()); }
  // Takes the flows that end now off their links and calls visit(flow) for each; their ids may be used again.
  template <class Visit>
  void take_ended(Time now, Visit&& visit) {
    while (!ends_.empty() && ends_.first_time() <= now.value()) {
      const FlowId flow = ends_.first();
      ends_.erase(flow);
      remove(flow);
      visit(flow);
    }
  }

  [[nodiscard]] bool changed() const { return changed_; }  // since the last refill
  [[nodiscard]] std::int64_t flows_on(LinkId link) const {
    return static_cast<std::int64_t>(links_[link].flows.size());
  }
  // Of a flow or a link, in byte/s.
  [[nodiscard]] double rate(FlowId flow) const { return static_cast<double>(given_[flow].rate) / unit_; }
  [[nodiscard]] double used(LinkId link) const { return static_cast<double>(links_[link].used) / unit_; }
  [[nodiscard]] std::int64_t rates_changed() const { return rates_changed_; }  // so far

 private:
  __extension__ using Wide = unsigned __int128;
  __extension__ using WideDifference = __int128;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct Occupant {  // of a link
    FlowId flow;
    std::uint32_t hop;  // of the flow's way
  };
  struct Link {
    std::int64_t capacity = 0;
    std::int64_t used = 0;          // by flows that are not free
    std::int64_t free_share = 0;    // of the flows that are
    std::int64_t key = 0;           // under which it waits in the pass
    std::uint32_t key_pass = 0;     // in which that holds
    std::uint32_t bound = 0;        // flows whose bottleneck it is
    std::uint32_t opened_pass = 0;  // it was noted in
    std::vector<Occupant> flows;
  };
  struct Flow {
    Wide remaining = 0;       // bytes x 10^12 x 2^k
    std::int64_t moving = 0;  // fair rate, rounded
    std::int64_t before = 0;  // rate before this pass
    std::int64_t last = 0;    // when `remaining` was right
    std::uint32_t first = 0;  // step of its way
    std::uint32_t hops = 0;
    std::uint32_t pass = 0;  // in which it was freed
  };
  // The rest of a flow, which links ask of all that are on them.
  struct Given {
    std::int64_t rate = 0;  // fair; 0: free
    std::uint32_t bottleneck = none;
  };
  struct Step {
    LinkId link;
    std::uint32_t place;  // among the link's flows
  };
  struct Level {
    std::int64_t key;
    LinkId link;
    friend bool operator<(const Level& a, const Level& b) {  // for a heap with the lowest on top
      return a.key != b.key ? a.key > b.key : a.link > b.link;
    }
  };

  std::uint32_t take_steps(std::uint32_t hops);
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
  void move(Time now);

  [[nodiscard]] std::int64_t taken(std::int64_t rate, std::uint32_t step) const {
    return shares_.empty()
               ? rate
               : static_cast<std::int64_t>((static_cast<Wide>(rate) * shares_[step]) >> FlowStep::share_bits);
  }
  [[nodiscard]] std::int64_t share_of(std::uint32_t step) const {
    return shares_.empty() ? 1 : static_cast<std::int64_t>(shares_[step]);
  }
  // The rate at which so much capacity is used up by flows of so many shares.
  [[nodiscard]] std::int64_t level_of(std::int64_t capacity, std::int64_t shares) const {
    if (shares_.empty()) return capacity / shares;
    const WideDifference scaled = static_cast<WideDifference>(capacity) * FlowStep::whole;
    return static_cast<std::int64_t>(scaled / shares);
  }

  double unit_ = 1.0;  // 2^k
  int unit_bits_ = 0;  // k
  std::vector<Link> links_;
  std::vector<Flow> flows_;
  std::vector<Given> given_;  // by flow
  std::vector<FlowId> unused_flows_;
  std::vector<Step> steps_;            // of the ways of flows, in blocks of powers of two
  std::vector<std::uint32_t> shares_;  // of steps; empty while every flow goes whole
  std::array<std::vector<std::uint32_t>, 32> unused_steps_;
  CompletionHeap ends_;

  // Of a pass.
  std::uint32_t pass_ = 1;
  bool changed_ = false;
  bool levelling_ = false;
  std::int64_t free_ = 0;       // flows
  std::vector<LinkId> opened_;  // links that may hold free flows
  std::vector<LinkId> left_;    // bottlenecks that a flow has left
  std::vector<FlowId> freed_;
  std::vector<Level> levels_;
  std::vector<FlowId> scratch_;
  std::vector<LinkId> woken_;
  std::int64_t rates_changed_ = 0;
  StopCheck stop_;
};

}  // namespace bandwright
