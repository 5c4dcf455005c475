#include "collective/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "topology/network.h"

namespace bandwright {
namespace {

// The wire of the whole of a network's dimension, or of `members` of it at a distance.
Wire wire(std::string_view shorthand, const Library& library, double bandwidth, int dimension = 0,
          int members = 0, std::int64_t stride = 1) {
  const Network network = parse_network(shorthand);
  const GroupDimension whole = whole_network(network).dimensions[static_cast<std::size_t>(dimension)];
  const GroupDimension part = {dimension, members, stride, 1.0};
  return {library, network, members == 0 ? whole : part, bandwidth};
}

Library truncating() {
  Library library;
  library.truncate = true;
  return library;
}

// 1,000 B at 3 GB/s take 333.333... ns: up to the next picosecond, or cut to whole nanoseconds.
TEST(Wire, AMessageHoldsItsPortForItsBytes) {
  EXPECT_EQ(wire("Switch(4)", {}, 3.0).occupancy(1000), picoseconds(333'334));
  EXPECT_EQ(wire("Switch(4)", truncating(), 3.0).occupancy(1000), nanoseconds(333));
  EXPECT_EQ(wire("Switch(4)", {}, 50.0).occupancy(1000), nanoseconds(20));
  EXPECT_EQ(wire("Switch(4)", {}, 0.5).occupancy(1000), nanoseconds(2000));
  EXPECT_EQ(wire("Switch(4)", {}, 50.0).occupancy(1000, 0.25), nanoseconds(80));
}

// 2^30 B at 1 GiB/s take a second.
TEST(Wire, CountsInTheSystemsUnit) {
  Library binary;
  binary.gib = true;
  EXPECT_EQ(wire("Ring(4)", binary, 1.0).occupancy(1 << 30), nanoseconds(1e9));
}

// The overhead is the sender's and comes on top, however fast the port.
TEST(Wire, AMessageHasAnOverhead) {
  Library library;
  library.message_overhead = nanoseconds(5);
  EXPECT_EQ(wire("Ring(4)", library, 50.0).occupancy(1000), nanoseconds(25));
  EXPECT_EQ(wire("Ring(4)", library, 50.0).occupancy(1000, 2.0), nanoseconds(15));
  EXPECT_EQ(wire("Ring(4)", library, 50.0).occupancy(0), nanoseconds(5));
}

// Fully connected, each of four peers has a quarter of the 40 GB/s.
TEST(Wire, APortPerPeerHasItsPartOfTheBandwidth) {
  const Wire cables = wire("FullyConnected(5)", {}, 40.0);
  EXPECT_EQ(cables.ports(), 4);
  EXPECT_EQ(cables.occupancy(1000), nanoseconds(100));
  EXPECT_EQ(wire("Ring(5)", {}, 40.0).ports(), 1);
  EXPECT_EQ(wire("Switch(5)", {}, 40.0).ports(), 1);
}

// Two operands are read and the sum is written: three times 1,000 B at 300 GB/s, 3.33 ns each.
TEST(Wire, AReductionMovesItsBytesThreeTimes) {
  Library library;
  library.reduction_bandwidth = gb_per_s(300.0);
  EXPECT_EQ(wire("Ring(4)", library, 1.0).reduction(1000), picoseconds(3 * 3334));
  library.truncate = true;
  EXPECT_EQ(wire("Ring(4)", library, 1.0).reduction(1000), nanoseconds(3 * 3));
  EXPECT_EQ(wire("Ring(4)", {}, 1.0).reduction(1000), Time());
}

// Ring(8): three hops to position 3 or 5, four to the opposite one. Members at a distance of two are as many
// hops apart on the ring as they are positions, and the last is near the first around the end.
TEST(Wire, LatencyIsPerHop) {
  Library library;
  library.latency = {nanoseconds(10), nanoseconds(7)};
  const Wire ring = wire("Ring(8)_Switch(4)", library, 50.0);
  EXPECT_EQ(ring.latency(0, 3), nanoseconds(30));
  EXPECT_EQ(ring.latency(0, 5), nanoseconds(30));
  EXPECT_EQ(ring.latency(6, 2), nanoseconds(40));
  const Wire every_second = wire("Ring(8)_Switch(4)", library, 50.0, 0, 4, 2);
  EXPECT_EQ(every_second.npus(), 4);
  EXPECT_EQ(every_second.physical_npus(), 8);
  EXPECT_EQ(every_second.physical(3), 6);
  EXPECT_EQ(every_second.latency(0, 1), nanoseconds(20));
  EXPECT_EQ(every_second.latency(0, 3), nanoseconds(20));
  // NPU ids of the second dimension are 8 apart; a switch is two hops from everywhere.
  const Wire outer = wire("Ring(8)_Switch(4)", library, 50.0, 1, 2, 16);
  EXPECT_EQ(outer.physical(1), 2);
  EXPECT_EQ(outer.latency(0, 1), nanoseconds(14));
  EXPECT_EQ(outer.hop_latency(), nanoseconds(7));
}

// 10 B in 4 parts: 2.5 B each, up to 3 or down to 2; three of them 9 or 6. Two quarters are a half, 5 B, but
// for who cuts each quarter by itself.
TEST(Wire, CutsBytesIntoParts) {
  const Wire up = wire("Ring(4)", {}, 1.0);
  const Wire down = wire("Ring(4)", truncating(), 1.0);
  EXPECT_EQ(up.part(10, 4), 3);
  EXPECT_EQ(down.part(10, 4), 2);
  EXPECT_EQ(up.part(12, 4), 3);
  EXPECT_EQ(up.size(10, {3, 4}), 9);
  EXPECT_EQ(down.size(10, {3, 4}), 6);
  EXPECT_EQ(up.size(10, {2, 4}), 5);
  EXPECT_EQ(down.size(10, {2, 4}), 4);
  EXPECT_EQ(up.size(10, {0, 1}), 0);
  EXPECT_EQ(up.size(10, {5, 1}), 50);
}

TEST(Wire, NeedsABandwidth) {
  for (const double none :
       {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(wire("Ring(4)", {}, none), InputError) << none;
  }
  Library binary;
  binary.gib = true;
  try {
    wire("Ring(4)_Ring(3)", binary, 0.0, 1);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "dimension 2 carries data at 0 GiB/s");
  }
}

// 2^62 B at 1 B/s, and what is reduced as slowly: no number of picoseconds, but beyond the clock.
TEST(Wire, WhatTakesTooLongIsBeyondTheClock) {
  Library library;
  library.reduction_bandwidth = gb_per_s(1e-9);
  const Wire slow = wire("Ring(4)", library, 1e-9);
  EXPECT_GT(slow.occupancy(std::int64_t{1} << 62), clock_end);
  EXPECT_GT(slow.reduction(std::int64_t{1} << 62), clock_end);
  EXPECT_THROW(on_clock(slow.occupancy(std::int64_t{1} << 62)), InputError);
}

}  // namespace
}  // namespace bandwright
