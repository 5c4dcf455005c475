#include "cost_model/graph_bill.h"

#include <gtest/gtest.h>

#include "cost_model/bill.h"
#include "network/builders.h"

namespace bandwright {
namespace {

// 8 NPUs at 50 GB/s on one switch: 400 GB/s of links, ports and NICs, as a dimension of kind Switch.
TEST(GraphBill, OneSwitchCostsWhatTheDimensionDoes) {
  const PriceList prices = load_price_list();
  const NetworkGraph graph = build_graph("FatTree(8, radix 16)", {gb_per_s(50), Time()});
  const double bandwidth = 50.0;
  const Money expected = make_bill(parse_network("Switch(8)", {"Pod"}), prices, {&bandwidth, 1}).total();
  EXPECT_DOUBLE_EQ(total_of(graph_bill(graph, prices))->value(), expected.value());
}

// A ring of 8 at 50 GB/s a link has 8 cables: 400 GB/s. (As a dimension of 50 GB/s per NPU it would have
// half: there an NPU's bandwidth is that of both its cables.)
TEST(GraphBill, CablesBetweenNpusAreLinksAlone) {
  PriceList prices;
  prices.classes = {{"Node", {dollars(4)}}};
  const std::vector<GraphBillLine> bill = graph_bill(build_graph("Torus(8)", {gb_per_s(50), Time()}), prices);
  EXPECT_DOUBLE_EQ(total_of(bill)->value(), 8 * 50 * 4);
}

// Between switches a cable has a port at both ends and no NIC. 32 leaf cables and 16 up at 2:1.
TEST(GraphBill, CablesBetweenSwitchesHaveTwoPorts) {
  const std::vector<GraphBillLine> bill = graph_bill(
      build_graph("FatTree(32, radix 12, oversubscription 2)", {gb_per_s(50), Time()}), load_price_list());
  const auto bought = [&](std::size_t line, Element element) {
    return bill[line].bought[static_cast<std::size_t>(element)].value();
  };
  EXPECT_DOUBLE_EQ(bought(1, Element::Link), 16 * 50);
  EXPECT_DOUBLE_EQ(bought(1, Element::Switch), 2 * 16 * 50);
  EXPECT_DOUBLE_EQ(bought(1, Element::Nic), 0);
}

TEST(GraphBill, AMissingPriceIsNoPrice) {
  EXPECT_EQ(total_of(graph_bill(build_graph("Torus(8)", {gb_per_s(50), Time()}), PriceList{})), std::nullopt);
}

}  // namespace
}  // namespace bandwright
