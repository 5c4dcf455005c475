#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "network/flows/flow_steps.h"
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

// Flows and the links they are on, with the rates that a FlowEngine gives them. Rates are whole numbers of
// 2^-k byte/s.
class FlowTable {
 public:
  // Capacity of each link in byte/s; 0 is a failed one, which no flow may take. Throws InputError for links
  // whose speeds are too far apart (2^36).
  explicit FlowTable(std::span<const double> bytes_per_second);

  // A flow that is to begin later. REQUIRES a way with links, and bytes from 1 to 2^50.
  FlowId plan(std::span<const FlowStep> way, std::int64_t bytes);
  [[nodiscard]] std::int64_t flows_on(LinkId link) const {
    if (holder_[link] == nobody) return 0;
    return holder_[link] == several ? static_cast<std::int64_t>(links_[link].flows.size()) : 1;
  }
  // Of a flow or a link, in byte/s.
  [[nodiscard]] double rate(FlowId flow) const;
  [[nodiscard]] double used(LinkId link) const;

 protected:
  __extension__ using Wide = unsigned __int128;
  __extension__ using WideDifference = __int128;
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  static constexpr FlowId nobody = none;               // holds a link
  static constexpr FlowId several = none - 1;          // those in its list do, or one
  static constexpr std::uint32_t listed = none;        // a flow that is not lone
  static constexpr std::uint32_t new_lone = none - 1;  // one without an end yet

  struct Occupant {  // of a link
    FlowId flow;
    std::uint32_t hop;  // of the flow's way
  };
  struct Link {
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
    std::int64_t before = 0;  // rate before this pass; of a lone flow, its rate
    std::int64_t last = 0;    // when `remaining` was right
    std::uint32_t first = 0;  // step of its way
    std::uint32_t hops = 0;
    std::uint32_t pass = 0;          // in which it was freed
    std::uint32_t narrowest = none;  // link of its way
    std::uint32_t batch = listed;    // of lone flows that end together
    std::uint32_t room = 0;          // steps it may have, also when it is used again
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
  void note_shares(std::uint32_t first, std::span<const FlowStep> way);
  // Whether nobody is on the flow's links, which are its own then.
  bool take_alone(FlowId flow);

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
    return shares_.empty() ? capacity / shares : level_of_shares(capacity, shares);
  }
  static std::int64_t level_of_shares(std::int64_t capacity, std::int64_t shares) {
    const WideDifference scaled = static_cast<WideDifference>(capacity) * FlowStep::whole;
    return static_cast<std::int64_t>(scaled / shares);
  }

  double unit_ = 1.0;  // 2^k
  int unit_bits_ = 0;  // k
  std::vector<Link> links_;
  std::vector<std::int64_t> capacity_;  // by link
  std::vector<FlowId> holder_;          // by link: the flow that has it to itself, nobody or several
  std::vector<Flow> flows_;
  std::vector<Given> given_;  // by flow
  std::vector<FlowId> unused_flows_;
  FlowSteps<Step> steps_;
  std::vector<std::uint32_t> shares_;  // of steps; empty while every flow goes whole
};

}  // namespace bandwright
