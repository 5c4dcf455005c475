#include "network/flows/flow_play.h"

#include <algorithm>
#include <numeric>

#include "core/stopping.h"

namespace bandwright {

std::vector<Time> play_flows(std::span<const double> bytes_per_second, std::span<const PlannedFlow> flows,
                             Refill refill) {
  std::vector<std::size_t> order(flows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return flows[a].start < flows[b].start; });
  FlowEngine engine(bytes_per_second);
  std::vector<Time> ends(flows.size());
  std::vector<std::size_t> plan_of;
  std::size_t next = 0;
  StopCheck stop;
  while (next < order.size() || !engine.idle()) {
    stop.look_now_and_then();
    const Time start = next < order.size() ? flows[order[next]].start : 2 * clock_end;
    const Time now = on_clock(engine.idle() ? start : std::min(start, engine.next_end()));
    engine.take_ended(now, [&](FlowId flow) { ends[plan_of[flow]] = now; });
    for (; next < order.size() && flows[order[next]].start == now; ++next) {
      const PlannedFlow& flow = flows[order[next]];
      ends[order[next]] = now;
      if (flow.bytes == 0 || flow.way.empty()) continue;
      const FlowId id = engine.start(now, flow.way, flow.bytes);
      plan_of.resize(std::max<std::size_t>(plan_of.size(), id + std::size_t{1}));
      plan_of[id] = order[next];
    }
    if (refill == Refill::All) {
      engine.refill_all(now);
    } else {
      engine.refill(now);
    }
  }
  return ends;
}

}  // namespace bandwright
