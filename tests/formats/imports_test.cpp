// What is imported is read again by our own readers as the file of the other tool itself is: nothing is lost
// on the way, and notes give numbers to the last digit.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collective/library.h"
#include "core/fields.h"
#include "core/io/files.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/import.h"
#include "formats/load.h"
#include "formats/load_graph.h"
#include "network/graph_writer.h"
#include "tests/support/temporary_folder.h"
#include "workload/model.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

class Imports : public testing::Test {
 protected:
  // The file with this text, and its import beside it.
  [[nodiscard]] std::string file(const std::string& text, const std::string& name = "theirs.in") const {
    write_whole(folder_ / name, text);
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string import_of(const std::string& theirs) const {
    write_whole(folder_ / "ours.yaml", imported(sample_of(theirs)));
    return (folder_ / "ours.yaml").string();
  }
  [[nodiscard]] static std::string text_of(const std::string& file) { return read_text_file(file); }

 private:
  const TemporaryFolder folder_;
};

// 50 GB/s are gibibytes there; 1234.567 ns is no number of four digits.
TEST_F(Imports, NetworksAreTheSameNetwork) {
  for (const char* text :
       {"topology: [ Ring, FullyConnected ]\nnpus_count: [ 4, 8 ]\nbandwidth: [ 50, 33.3 ]\nlatency: [ 500, "
        "1234.567 ]\n",
        "{\"topologies-per-dim\": [\"Ring\", \"Switch\"], \"dimension-type\": [\"N\", \"Pod\"], "
        "\"dimensions-count\": 2,\n"
        "\"units-count\": [4, 8], \"links-count\": [2, 1], \"link-latency\": [500, 1234.567], "
        "\"link-bandwidth\": [50, 1]}\n",
        "Topology: [ Ring, Switch ]\nNpusCount: [ 4, 8 ]\nCostDimension: [ Node, Pod ]\n",
        "{\"total-bandwidth\": 300, \"npus-count\": [4, 2], \"topology\": [\"Ring\", \"Switch\"],\n"
        "\"network-type\": [\"Package\", \"Pod\"]}\n"}) {
    const std::string theirs = file(text);
    const LoadedNetwork read = load_any_network(theirs);
    const std::string ours = import_of(theirs);
    EXPECT_EQ(network_fields().content(load_any_network(ours).network),
              network_fields().content(read.network))
        << text;
    for (const Bandwidth b : read.bandwidth)
      EXPECT_THAT(text_of(ours), HasSubstr(fmt::format("{}", b.value())));
    if (read.latency.size() == 2) {
      EXPECT_THAT(text_of(ours), HasSubstr("latency: [500 ns, 1234567 ps]"));
    }
  }
}

TEST_F(Imports, SystemsAreTheSameSystem) {
  for (const char* text :
       {"scheduling-policy: LIFO\nendpoint-delay: 10.5\npreferred-dataset-splits: 64\n"
        "all-reduce-implementation: ring_halvingDoubling\nall-to-all-implementation: direct_direct\n",
        "{\"scheduling-policy\": \"FIFO\", \"preferred-dataset-splits\": 4, \"endpoint-delay\": 0.001,\n"
        "\"all-gather-implementation\": [\"ring\", \"direct\"], \"local-mem-bw\": 1638.4,\n"
        "\"inter-dimension-scheduling\": \"offlineGreedy\", \"intra-dimension-scheduling\": "
        "\"smallestFirst\"}\n"}) {
    const std::string theirs = file(text);
    EXPECT_EQ(library_fields().content(load_any_system(import_of(theirs)).library),
              library_fields().content(load_any_system(theirs).library))
        << text;
  }
}

TEST_F(Imports, LayersAreTheSameLayers) {
  const std::string theirs = file(
      "HYBRID_TRANSFORMER_FWD_IN_BCKWD\tmodel_parallel_NPU_group: 4 checkpoint_initiates: 1 1\n2\n"
      "one -1 86399999999999 ALLREDUCE 100 20 NONE 0 30 ALLGATHER 1125899906842623 1234567\n"
      "two -1 11 NONE 0 21 ALLTOALL 200 31 REDUCESCATTER 301 1234567\n");
  const LayerText read = read_layer_text(theirs);
  const std::string ours = import_of(theirs);
  const Model model = read_model(YamlValue::load(ours));
  EXPECT_EQ(layer_table_fields().content(model), layer_table_fields().content(read.model));
  EXPECT_TRUE(model.lines[1].checkpoint);
  EXPECT_THAT(text_of(ours), HasSubstr("after_collective: 1234567 ns"));
  EXPECT_THAT(text_of(ours), HasSubstr("--recompute full"));
}

TEST_F(Imports, PricesAreTheSamePrices) {
  for (const char* text :
       {"Node: {Link: 2.1, Switch: 0.1}\nPod: {Link: 7.8, Switch: 18.0, Nic: 31.6}\n",
        "{\"Node\": {\"Link\": 2.1},\n\"Pod\": {\"Link\": 7.8, \"Switch\": 18, \"Nic\": 31.6}}\n"}) {
    const std::string theirs = file(text);
    EXPECT_EQ(price_list_fields().content(load_any_prices(import_of(theirs))),
              price_list_fields().content(load_any_prices(theirs)))
        << text;
  }
}

// Of tables of links: as many links in the same order, with their bandwidths, classes and directions.
TEST_F(Imports, LinksAreTheSameLinks) {
  const std::string theirs = file(
      "from,to,bandwidth,latency,class,price,cables,one_way\nNPU1,sw b,33.3 GB/s,1234567 ps,nic,Node,2,no\n"
      "npu0,sw b,50,500 ns,,,,no\nsw b,port7,400 Gb/s,,up,,1,yes\nport7,npu0,1,,,,,\n",
      "theirs.csv");
  const NetworkGraph read = load_graph(theirs);
  const NetworkGraph again = load_graph(import_of(theirs));
  EXPECT_EQ(again.npus(), 2);
  ASSERT_EQ(again.links.size(), read.links.size());
  for (std::size_t i = 0; i < read.links.size(); ++i) {
    EXPECT_EQ(std::tuple(again.links[i].bandwidth, again.links[i].latency, again.links[i].cables),
              std::tuple(read.links[i].bandwidth, read.links[i].latency, read.links[i].cables));
    EXPECT_EQ(again.classes[again.links[i].link_class], read.classes[read.links[i].link_class]);
    EXPECT_EQ(again.nodes[again.links[i].to].kind, read.nodes[read.links[i].to].kind);
  }
}

}  // namespace
}  // namespace bandwright
