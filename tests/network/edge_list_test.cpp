// Networks as tables of links.
#include "network/edge_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

class EdgeList : public testing::Test {
 protected:
  NetworkGraph read(const std::string& text, const GraphDefaults& defaults = {}) const {
    const std::filesystem::path file = folder / "net.csv";
    std::ofstream(file) << text;
    return read_edge_list(file, defaults);
  }
  std::string refused(const std::string& text) const {
    try {
      read(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  const TemporaryFolder folder;
};

TEST_F(EdgeList, NodesAreMadeByBeingNamed) {
  const NetworkGraph graph = read(
      "from,to,bandwidth,latency,class,price,cables,one_way\n"
      "leaf,npu1,50,500 ns,nic,Pod,,\n"
      "npu0,nic0,50 GB/s,,,,,\n"
      "nic0,leaf,100 GB/s,1 us,up,Node,2,yes\n");
  EXPECT_EQ(graph.npus(), 2);
  ASSERT_EQ(graph.nodes.size(), 4U);
  EXPECT_EQ(graph.node_name(2), "leaf");
  EXPECT_EQ(graph.nodes[3].kind, NodeKind::Port);
  ASSERT_EQ(graph.links.size(), 5U);  // two both ways and one
  EXPECT_EQ(graph.links[0].from, 2U);
  EXPECT_EQ(graph.links[0].to, 1U);
  EXPECT_EQ(graph.links[4].cables, 2);
  EXPECT_EQ(graph.links[4].latency, nanoseconds(1000));
  EXPECT_EQ(graph.classes, (std::vector<LinkClass>{{"nic", "Pod"}, {"link", "Pod"}, {"up", "Node"}}));
}

TEST_F(EdgeList, WhatIsLeftOutIsTheDefaults) {
  const NetworkGraph graph = read("from,to\nnpu0,npu1\n", {gb_per_s(7), nanoseconds(3)});
  EXPECT_EQ(graph.links[0].bandwidth, gb_per_s(7));
  EXPECT_EQ(graph.links[0].latency, nanoseconds(3));
}

TEST_F(EdgeList, OneLineForWhatIsWrong) {
  EXPECT_THAT(refused("from,to\nnpu0,npu1\n"), HasSubstr("net.csv:2: bandwidth: a link without bandwidth"));
  EXPECT_THAT(refused("from,to,bandwith\nnpu0,npu1,5\n"), HasSubstr("did you mean 'bandwidth'?"));
  EXPECT_THAT(refused("from,to,bandwidth\nnpu0,,5\n"), HasSubstr("a link without an end"));
  EXPECT_THAT(refused("from,to,bandwidth\nnpu0,npu2,5\n"), HasSubstr("npu1 is not among them"));
  EXPECT_THAT(refused("from,to,bandwidth\nnpu0,npu0,5\n"), HasSubstr("back to where it begins"));
  EXPECT_THAT(refused("from,to,bandwidth\nnpu0,npu1,fast\n"), HasSubstr("net.csv:2: bandwidth"));
  EXPECT_THAT(refused("to,bandwidth\nnpu1,5\n"), HasSubstr("from"));
  EXPECT_THAT(refused("from,to,bandwidth\na,b,5\n"), HasSubstr("0 NPUs"));
}

TEST_F(EdgeList, WordsThatSayNeitherYesNorNoAndTooManyCablesAreRefused) {
  const auto link = [](const std::string& cables, const std::string& one_way) {
    return "from,to,bandwidth,cables,one_way\nnpu0,npu1,50," + cables + ',' + one_way + '\n';
  };
  EXPECT_EQ(read(link("65535", "No")).links.size(), 2U);
  EXPECT_EQ(read(link("1", "true")).links.size(), 1U);
  EXPECT_THAT(refused(link("1", "maybe")), HasSubstr("net.csv:2: one_way: 'maybe', expected yes or no"));
  EXPECT_THAT(refused(link("65536", "no")), HasSubstr("net.csv:2: cables: "));
}

}  // namespace
}  // namespace bandwright
