#include <gtest/gtest.h>

#include "collective/collective.h"
#include "core/error.h"

namespace bandwright {
namespace {

std::vector<Traffic> traffic(CollectiveKind kind, std::int64_t size, std::string_view network) {
  return hierarchical_traffic({kind, bytes(size)}, whole_network(parse_network(network)));
}

using List = std::vector<Traffic>;

// Over 2 x 4 NPUs with 800 B: dimension 0 reduces 800 B (half of it leaves, each way), dimension 1 the 400 B
// left (three quarters leave, each way).
TEST(Traffic, OfEachCollectiveByHand) {
  EXPECT_EQ(traffic(CollectiveKind::AllReduce, 800, "Ring(2)_Ring(4)"), (List{{0, 800.0}, {1, 600.0}}));
  EXPECT_EQ(traffic(CollectiveKind::ReduceScatter, 800, "Ring(2)_Ring(4)"), (List{{0, 400.0}, {1, 300.0}}));
  // Shards of 100 B: the outer dimension gathers 3 x 100 B, the inner one then 400 B more.
  EXPECT_EQ(traffic(CollectiveKind::AllGather, 100, "Ring(2)_Ring(4)"), (List{{0, 400.0}, {1, 300.0}}));
  EXPECT_EQ(traffic(CollectiveKind::AllToAll, 800, "Ring(2)_Ring(4)"), (List{{0, 400.0}, {1, 600.0}}));
  EXPECT_EQ(traffic(CollectiveKind::Broadcast, 800, "Ring(2)_Ring(4)"), (List{{0, 800.0}, {1, 800.0}}));
}

// An all-reduce is a reduce-scatter and the all-gather of its result; and n - 1 of n parts leave each NPU
// whatever the number of dimensions they are spread over.
TEST(Traffic, AllReduceIsReduceScatterThenAllGather) {
  for (const char* network :
       {"Ring(8)", "Ring(2)_Switch(4)", "Ring(2)_Ring(2)_Ring(2)", "Switch(3)_Ring(5)_Ring(7)"}) {
    const std::int64_t npus = parse_network(network).npus();
    const auto scatter = traffic(CollectiveKind::ReduceScatter, npus * 1000, network);
    const auto gather = traffic(CollectiveKind::AllGather, 1000, network);
    const auto both = traffic(CollectiveKind::AllReduce, npus * 1000, network);
    double sent = 0.0;
    for (std::size_t d = 0; d < both.size(); ++d) {
      EXPECT_NEAR(both[d].bytes, scatter[d].bytes + gather[d].bytes, 1e-6) << network;
      sent += both[d].bytes;
    }
    EXPECT_NEAR(sent, 2.0 * 1000.0 * static_cast<double>(npus - 1), 1e-6) << network;
  }
}

TEST(Traffic, NamesAreACatalogue) {
  for (const CollectiveKindInfo& info : collective_kinds()) {
    EXPECT_EQ(collective_kind(info.name), info.kind);
    EXPECT_EQ(collective_name(info.kind), info.name);
  }
  EXPECT_THROW(collective_kind("allreduce?"), InputError);
}

}  // namespace
}  // namespace bandwright
