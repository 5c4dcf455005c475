// Whatever plays a step ends when it is asked to, in the middle of it.
#include "core/stopping.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "network/builders.h"
#include "simulator/leap.h"
#include "simulator/link_loads.h"
#include "simulator/picture/chrome_trace.h"
#include "simulator/player/player.h"
#include "simulator/player/together.h"
#include "simulator/simulate.h"
#include "simulator/transport/flow_network.h"
#include "step/stream_builder.h"

namespace bandwright {
namespace {

// An all-to-all among so many NPUs again and again, which nobody has the patience for.
struct Endless {
  Network network;
  Library library;
  std::vector<double> bandwidth;
  Step step;

  Endless(const char* shape, NetworkModel model, std::int64_t times)
      : network(parse_network(shape)), bandwidth(network.dimensions.size(), 50.0) {
    library.network = model;
    library.chunks = 7;
    library.algorithms.by_kind["Switch"] = "direct";
    StreamBuilder builder("endless", {whole_network(network)}, {"line"});
    builder.repeat(times, [&] {
      builder.compute({}, nanoseconds(10));
      builder.collective({}, {{CollectiveKind::AllToAll, Bytes(1 << 24)}, 0}, Time(0),
                         streams(Stream::Compute), streams(Stream::Compute));
    });
    step = std::move(builder).finish();
  }
  [[nodiscard]] Scenario scenario() const { return {step, network, library, bandwidth, Time(0)}; }
};

// How long after the request the work ended, in s.
double seconds_to_stop(const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  std::stop_source source;
  Clock::time_point asked;
  std::thread asking([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    asked = Clock::now();
    source.request_stop();
  });
  const StopScope scope(source.get_token());
  EXPECT_THROW(work(), Stopped);
  const Clock::time_point ended = Clock::now();
  asking.join();
  return std::chrono::duration<double>(ended - asked).count();
}

constexpr double soon = 2.0;  // s: sanitizers and other tests beside this one; measured are some milliseconds

TEST(Stopping, EveryTransportEndsInTheMiddle) {
  for (const NetworkModel model : {NetworkModel::Ports, NetworkModel::Flows}) {
    Endless endless("Ring(8)_Switch(32)", model, 5000);
    endless.step = expand(endless.step);
    endless.library.npus = {{.first = 1, .last = 1, .compute_time = 1.5}};
    EXPECT_LT(
        seconds_to_stop([&] { simulate(endless.scenario(), Fidelity::Full, nullptr, {.play_all = true}); }),
        soon)
        << static_cast<int>(model);
  }
}

TEST(Stopping, TheFoldedEngineAndItsLeapEndInTheMiddle) {
  const Endless endless("Ring(8)_Switch(32)", NetworkModel::Ports, 1'000'000);
  EXPECT_LT(seconds_to_stop([&] { simulate_rounds(endless.scenario()); }), soon);
}

TEST(Stopping, ARecurrenceEndsInTheMiddle) {
  Endless endless("Ring(40000)", NetworkModel::Ports, 1);
  endless.step = expand(endless.step);
  EXPECT_LT(seconds_to_stop([&] { simulate_full(endless.scenario()); }), soon);
}

TEST(Stopping, JobsThatShareANetworkEndInTheMiddle) {
  const NetworkGraph graph = build_graph("LeafSpine(8x16, spines 2, oversubscription 2, bandwidth 50)");
  const FlowNetwork built{.graph = graph};
  const Endless endless("Switch(128)", NetworkModel::Flows, 2000);
  const Step written_out = expand(endless.step);
  const Scenario scenario{written_out, endless.network, endless.library, endless.bandwidth, Time(0), &built};
  const std::vector<JobScenario> jobs = {{scenario, Time(0)}};
  EXPECT_LT(seconds_to_stop([&] { simulate_together(jobs); }), soon);
}

TEST(Stopping, LoadsOfLinksEndInTheMiddle) {
  const NetworkGraph graph = build_graph("LeafSpine(64x32, spines 16, bandwidth 50)");
  const FlowNetwork built{.graph = graph, .routing = {.routing = Routing::Ecmp}};
  const Endless endless("Switch(2048)", NetworkModel::Flows, 1);
  const Scenario scenario{endless.step, endless.network, endless.library, endless.bandwidth, Time(0), &built};
  EXPECT_LT(seconds_to_stop([&] { link_loads(scenario); }), soon);
}

TEST(Stopping, ATraceEndsWhileItIsWritten) {
  Timeline timeline;
  const Step graph = [] {
    StreamBuilder builder("one", {}, {"line"});
    builder.compute({}, nanoseconds(10));
    return std::move(builder).finish();
  }();
  for (int i = 0; i < 4'000'000; ++i) {
    timeline.operations.push_back({0, nanoseconds(10 * i), nanoseconds(10 * i + 10)});
  }
  EXPECT_LT(seconds_to_stop([&] { chrome_trace(timeline, graph, {}); }), soon);
}

}  // namespace
}  // namespace bandwright
