// Classes of links as what a budget is divided over.
#include "network/link_classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/builders.h"

namespace bandwright {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

// 32 NPUs with 50 GB/s each; each leaf has 8 x 50 / 4 = 100 GB/s up, 12.5 for each of its NPUs.
TEST(LinkClasses, BandwidthPerNpuIsTheOversubscription) {
  const NetworkGraph graph = build_graph("LeafSpine(4x8, bandwidth 50, oversubscription 4)");
  EXPECT_THAT(class_gb_per_s(graph), ElementsAre(DoubleEq(50.0), DoubleEq(12.5)));
}

// Unlike links of a class keep their proportions.
TEST(LinkClasses, OtherBandwidthsKeepProportions) {
  NetworkGraph graph = build_graph("LeafSpine(2x2, bandwidth 50)");
  graph.links[0].bandwidth = graph.links[1].bandwidth = Bandwidth(25.0);  // of NPU 0: 43.75 on average
  const NetworkGraph other = with_class_gb_per_s(graph, std::vector<double>{87.5, 10.0});
  EXPECT_DOUBLE_EQ(other.links[0].bandwidth.value(), 50.0);
  EXPECT_DOUBLE_EQ(other.links[2].bandwidth.value(), 100.0);
  EXPECT_THAT(class_gb_per_s(other), ElementsAre(DoubleEq(87.5), DoubleEq(10.0)));
}

TEST(LinkClasses, EmptyOnesAreLeftOut) {
  NetworkGraph graph = build_graph("LeafSpine(2x2, bandwidth 50)");
  graph.classes.insert(graph.classes.begin(), {"none", "Pod"});
  for (GraphLink& link : graph.links) ++link.link_class;
  const NetworkGraph kept = without_empty_classes(graph);
  ASSERT_EQ(kept.classes.size(), 2U);
  EXPECT_EQ(kept.classes[0].name, "leaf");
  EXPECT_THAT(class_gb_per_s(kept), ElementsAre(DoubleEq(50.0), DoubleEq(50.0)));
}

}  // namespace
}  // namespace bandwright
