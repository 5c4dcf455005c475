#include "tests/collective/replay.h"

#include <gtest/gtest.h>

#include <random>

#include "collective/phase_time.h"
#include "tests/collective/cases.h"

namespace bandwright {
namespace {

// Systems on which now one thing takes most of the time, now another.
std::vector<Library> libraries() {
  std::mt19937 dice(7);
  const auto up_to = [&](double ns) { return nanoseconds(std::uniform_real_distribution(0.0, ns)(dice)); };
  std::vector<Library> result(1);
  for (int i = 0; i < 6; ++i) {
    Library library;
    library.latency = {up_to(i % 2 == 0 ? 5000.0 : 10.0)};
    library.endpoint_delay = up_to(i % 3 == 0 ? 2000.0 : 1.0);
    library.message_overhead = up_to(100.0);
    if (i % 2 == 1) library.reduction_bandwidth = gb_per_s(i == 1 ? 1.0 : 900.0);
    library.truncate = i == 5;
    result.push_back(library);
  }
  return result;
}

// What runs where: an algorithm on every `step`-th of `physical` NPUs.
struct Line {
  AlgorithmCase each;
  int physical = 0;
  int step = 1;
};

// The program of a line as messages and as time, its blocks alone and all together.
void expect_agree(const Line& line, const Library& library) {
  const AlgorithmCase& each = line.each;
  const Network network = parse_network(fmt::format("{}({})", each.kind->name, line.physical));
  const Wire wire(library, network, {0, each.n, line.step, 1.0}, 50.0);
  const auto where = [&] {
    return fmt::format("{} every {} of {}, latency {}", each.name(), line.step, line.physical,
                       to_ns(wire.hop_latency()));
  };
  for (const int chunk : {0, 1}) {
    const Program program = sized(each.program(chunk), wire, 100'003);
    Replay together(wire);
    for (const Block& block : program) {
      together.play(block);
      Replay alone(wire);
      alone.play(block);
      if (!wire.even() && !block.pattern->knows_uneven_lines()) continue;
      EXPECT_EQ(alone.end().value(), block.pattern->duration(wire, block).value()) << where();
    }
    const Time after_delay = wire.endpoint_delay() + together.end();
    EXPECT_EQ(after_delay.value(), program_time(wire, program).value()) << where();
    EXPECT_EQ(after_delay.value(), phase_time(wire, program).value()) << where();
  }
}

// A pattern is stated twice, as messages and as time: to the picosecond, whatever takes time.
TEST(Replay, OfEveryBlockTakesItsTime) {
  for (const Library& library : libraries()) {
    for (const AlgorithmCase& each : algorithm_cases(13)) expect_agree({each, each.n}, library);
  }
}

// Where the line is a part of its dimension, neighbours are farther apart, and the last from the first.
TEST(Replay, OfPartsOfADimension) {
  for (const Library& library : libraries()) {
    for (const AlgorithmCase& each : algorithm_cases(7)) {
      for (const int step : {1, 2, 3}) {
        for (const int spare : {0, 1, 5}) expect_agree({each, each.n * step + spare, step}, library);
      }
    }
  }
}

}  // namespace
}  // namespace bandwright
