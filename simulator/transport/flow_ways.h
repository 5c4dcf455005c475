#pragma once
#include <memory>
#include <vector>

#include "network/routes.h"
#include "simulator/scenario.h"
#include "simulator/transport/transport.h"
#include "topology/route.h"

namespace bandwright {

// Where messages go and what they share there.
class FlowWays {
 public:
  FlowWays() = default;
  FlowWays(const FlowWays&) = delete;
  FlowWays& operator=(const FlowWays&) = delete;
  virtual ~FlowWays() = default;

  // Byte/s of each of what flows share.
  [[nodiscard]] virtual std::vector<double> capacities() const = 0;
  // Whether ways do not depend on what links carry.
  [[nodiscard]] virtual bool fixed() const = 0;
  // Parts of a message's way that it takes one after the other, whole.
  [[nodiscard]] virtual std::uint32_t legs(const Message& message) = 0;
  // One of them, until the next is asked for; `part` is of a message that is cut into several. Throws
  // InputError when there is none.
  virtual const Routes::Way& find(const Message& message, std::uint32_t leg, std::uint32_t part,
                                  const Routes::Load& load) = 0;
};

// Over the scenario's network as it is built; where it has none, over the links of its grid, behind the port
// that an NPU has into a ring. Between NPUs that differ in several dimensions of a grid a message crosses one
// after the other, innermost first (or the innermost only, topology/route.h): of a collective as one flow, a
// lone message dimension by dimension. Throws InputError for NPUs and links that do not exist.
std::unique_ptr<FlowWays> flow_ways(const Scenario& scenario, Crossing crossing);

// Into how many each message is cut: its queue pairs on a network as it is built.
std::uint32_t parts_of_messages(const Scenario& scenario);

// What messages share with others on their ways, asked before any is sent.
class WaysAhead {
 public:
  WaysAhead(const Scenario& scenario, Crossing crossing);

  // Whether it can be told: ways do not depend on what links carry.
  [[nodiscard]] bool known() const { return ways_->fixed(); }
  // Appends the numbers of all that a message shares. REQUIRES known().
  void add_shared(const Message& message, std::vector<std::uint32_t>& shared);

 private:
  std::unique_ptr<FlowWays> ways_;
  std::uint32_t parts_;
};

}  // namespace bandwright
