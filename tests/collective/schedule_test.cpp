#include "collective/schedule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numeric>

#include "collective/traffic.h"
#include "core/error.h"

namespace bandwright {
namespace {

CollectivePlan plan(CollectiveKind kind, std::int64_t size, const Network& network, const Library& library) {
  const std::vector<double> bandwidth(network.dimensions.size(), 50.0);
  return plan_collective({kind, Bytes(size)}, whole_network(network), network, library, bandwidth);
}

// Bytes and time that the chunks of a plan take on each dimension.
struct Sums {
  std::vector<double> bytes;
  std::vector<double> ns;
};
Sums sums(const CollectivePlan& plan, std::size_t dimensions) {
  Sums result{std::vector<double>(dimensions, 0.0), std::vector<double>(dimensions, 0.0)};
  for (const std::uint32_t index : plan.plan_of_chunk) {
    for (const Phase& phase : plan.plans[index]) {
      result.bytes[phase.part] += phase.bytes;
      result.ns[phase.part] += to_ns(phase.duration);
    }
  }
  return result;
}

// The price is the plan's: bytes and time per dimension are those of the chunks, for every collective, in one
// chunk or many, hierarchical or plain. All sizes and 16 chunks divide the bytes.
TEST(Plan, HasThePriceOfItsChunks) {
  constexpr std::int64_t size = 1'441'440'000;
  for (const char* shorthand :
       {"Ring(4)_Switch(3)", "FullyConnected(5)_Switch(6)_Ring(2)", "Switch(8)_Switch(6)"}) {
    const Network network = parse_network(shorthand);
    for (const CollectiveKindInfo& collective : collective_kinds()) {
      for (const Composition composition : {Composition::Hierarchical, Composition::Plain}) {
        for (const int chunks : {1, 16}) {
          Library library;
          library.chunks = chunks;
          library.composition = composition;
          const Sums played = sums(plan(collective.kind, size, network, library), network.dimensions.size());
          const std::vector<Traffic> priced =
              collective_traffic({collective.kind, Bytes(size)}, whole_network(network), network, library);
          for (std::size_t d = 0; d < priced.size(); ++d) {
            EXPECT_NEAR(played.bytes[d], priced[d].bytes, 1e-6 * priced[d].bytes)
                << collective.name << " on " << shorthand << " dimension " << d;
            EXPECT_NEAR(played.ns[d], priced[d].busy / 50.0, 1e-6 * priced[d].busy / 50.0)
                << collective.name << " on " << shorthand << " dimension " << d;
          }
        }
      }
    }
  }
}

TEST(Plan, RefusesNothingToSend) {
  EXPECT_THROW(plan(CollectiveKind::AllReduce, 0, parse_network("Ring(4)"), {}), InputError);
}

// 1,000 B on Switch(1024) in 64 chunks would be messages of a sixty-fourth byte, each sent as a whole one:
// one chunk it is, and its ten messages of 500, 250 ... 1 B each way are rounded up by less than a byte each.
TEST(Plan, CutsNoMessageBelowAByte) {
  const Network network = parse_network("Switch(1024)");
  const CollectivePlan tiny = plan(CollectiveKind::AllReduce, 1000, network, {});
  EXPECT_EQ(tiny.plan_of_chunk.size(), 1U);
  const double wire_ns = 2.0 * 1000.0 * 1023 / 1024 / 50.0;
  EXPECT_NEAR(sums(tiny, 1).ns[0], wire_ns, 20 * 1.0 / 50.0);
  // 5 of 1,024 B: messages of one byte. With as many bytes as it takes, all chunks that are asked for.
  EXPECT_EQ(plan(CollectiveKind::AllReduce, 5 * 1024, network, {}).plan_of_chunk.size(), 5U);
  EXPECT_EQ(plan(CollectiveKind::AllReduce, 64 * 1024, network, {}).plan_of_chunk.size(), 64U);
}

// However small: closed form and plan differ by less than a byte for each message that is sent in turn.
TEST(Plan, OfFewBytesStaysNearItsPrice) {
  for (const char* shorthand : {"Ring(16)", "Switch(64)", "Switch(100)", "FullyConnected(16)"}) {
    const Network network = parse_network(shorthand);
    for (const CollectiveKindInfo& collective : collective_kinds()) {
      for (const std::int64_t size : {1, 10, 1000, 100'000}) {
        const CollectivePlan cut = plan(collective.kind, size, network, {});
        const Traffic priced =
            collective_traffic({collective.kind, Bytes(size)}, whole_network(network), network)[0];
        double in_turn = 0.0;
        const int n = network.dimensions[0].npus;
        const int ports = shorthand[0] == 'F' ? n - 1 : 1;
        for (const std::uint32_t index : cut.plan_of_chunk) {
          for (const Block& block : cut.plans[index][0].program) {
            in_turn += static_cast<double>(block.pattern->in_turn(n, block, ports > 1)) * ports;
          }
        }
        const double ns = sums(cut, 1).ns[0];
        EXPECT_GE(ns, priced.busy / 50.0 * (1 - 1e-9)) << collective.name << " " << shorthand << " " << size;
        EXPECT_LE(ns, (priced.busy + in_turn) / 50.0 + 1.0)
            << collective.name << " " << shorthand << " " << size;
      }
    }
  }
}

TEST(Plan, CutsIntoChunksThatDifferByAByte) {
  const CollectivePlan cut =
      plan(CollectiveKind::PointToPoint, 1'000'003, parse_network("Ring(2)_Ring(2)"), {});
  ASSERT_EQ(cut.plan_of_chunk.size(), 64U);
  double bytes = 0.0;
  for (const std::uint32_t index : cut.plan_of_chunk) bytes += cut.plans[index][0].bytes;
  EXPECT_EQ(bytes, 1'000'003.0);
}

}  // namespace
}  // namespace bandwright
