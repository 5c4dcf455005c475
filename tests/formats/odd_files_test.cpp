// Files of other tools as they come: with other line ends and marks, cut short, damaged, at the limits. All
// are read alike or refused in one line that says where, once.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/io/files.h"
#include "formats/astra_sim/astra_sim_1.h"
#include "formats/astra_sim/astra_sim_system.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/import.h"
#include "formats/infragraph.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

// A small file of each format of text, by the format's name.
const std::map<std::string, std::string>& small_files() {
  static const std::map<std::string, std::string> files = {
      {"layer-text",
       "HYBRID_TRANSFORMER\tmodel_parallel_NPU_group: 4\n2\n"
       "one -1 10 ALLREDUCE 100 20 NONE 0 30 ALLGATHER 300 5\n"
       "two -1 11 NONE 0 21 ALLTOALL 200 31 REDUCESCATTER 301 5\n"},
      {"astra-sim-2-network",
       "topology: [ Ring, Switch ]\nnpus_count: [ 4, 8 ]\nbandwidth: [ 50.0, 25.0 ]\nlatency: [ 500, 700 "
       "]\n"},
      {"astra-sim-2-system",
       "{\"scheduling-policy\": \"LIFO\",\n\"all-reduce-implementation\": [\"ring\", \"halvingDoubling\"],\n"
       "\"preferred-dataset-splits\": 4,\n\"endpoint-delay\": 10\n}\n"},
      {"astra-sim-2-memory", "{\"memory-type\": \"NO_MEMORY_EXPANSION\"}\n"},
      {"astra-sim-2-groups", "{\"1\": [0, 1],\n\"2\": [2, 3]}\n"},
      {"astra-sim-2-logical", "{\"logical-dims\":\n[\"8\", \"2\"]}\n"},
      {"astra-sim-1-network",
       "{\"topology-name\": \"Hierarchical\",\n\"topologies-per-dim\": [\"Ring\", \"Switch\"],\n"
       "\"dimension-type\": [\"N\", \"Pod\"],\n\"dimensions-count\": 2,\n\"units-count\": [4, 8],\n"
       "\"links-count\": [2, 1],\n\"link-latency\": [500, 700],\n\"link-bandwidth\": [50, 25]}\n"},
      {"astra-sim-1-system",
       "scheduling-policy: LIFO\nendpoint-delay: 10\nall-reduce-implementation: ring_ring\n"},
      {"artifact-network",
       "{\"total-bandwidth\": 300,\n\"npus-count\": [4, 2],\n\"topology\": [\"Ring\", \"Switch\"],\n"
       "\"network-type\": [\"Package\", \"Pod\"]}\n"},
      {"libra-network", "Topology: [ Ring, Switch ]\nNpusCount: [ 4, 8 ]\nCostDimension: [ Node, Pod ]\n"},
      {"libra-communicator", "Forward: [4, -1]\nInputGrad: [4, -1]\nWeightGrad: [1, 8]\n"},
      {"class-prices", "Node: {Link: 2.0, Switch: 4.0}\nPod: {Link: 7.8, Switch: 18.0, Nic: 31.6}\n"},
      {"infragraph",
       "name: two\ndevices:\n- name: box\n  components: [{name: xpu, choice: xpu, count: 2}]\n"
       "  links: [{name: wire, physical: {bandwidth: {gigabits_per_second: 400}}}]\n"
       "  edges: [{ep1: {component: 'xpu[0]'}, ep2: {component: 'xpu[1]'}, scheme: one2one, link: wire}]\n"
       "instances: [{name: host, device: box, count: 1}]\n"}};
  return files;
}

class OddFiles : public testing::Test {
 protected:
  // The format's name and all that its summary says, or the error behind the file's name.
  [[nodiscard]] std::string told(const std::string& text) const {
    write_whole(path_, text);
    try {
      const Sample sample = sample_of(path_);
      const FileFormat& format = format_of(sample);
      std::string told(format.name);
      const FileSummary summary = format.summarise(sample);
      for (const auto& [name, value] : summary.facts) told += fmt::format("\n{}: {}", name, value);
      for (const std::string& line : summary.ignored) told += "\n" + line;
      return told;
    } catch (const InputError& error) {
      const std::string said = error.what();
      EXPECT_TRUE(said.starts_with(path_.string() + ":")) << said << "\nof\n" << text;
      EXPECT_EQ(said.rfind(path_.string()), 0U) << "the file twice: " << said;
      return "refused" + said.substr(std::min(said.size(), path_.string().size()));
    }
  }
  [[nodiscard]] std::string imported_text() const { return imported(sample_of(path_)); }

 private:
  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "file.in";
};

std::string with_ends(const std::string& text, const std::string& end) {
  std::string result;
  for (const char c : text) result += c == '\n' ? end : std::string(1, c);
  return result;
}

TEST_F(OddFiles, LineEndsAndMarksChangeNothing) {
  for (const auto& [format, text] : small_files()) {
    const std::string plain = told(text);
    EXPECT_EQ(plain.substr(0, plain.find('\n')), format);
    for (const std::string& other :
         {with_ends(text, "\r\n"), "\xEF\xBB\xBF" + text, with_ends(text, " \t\n"),
          "\xEF\xBB\xBF" + with_ends(text, "\r\n"), text.substr(0, text.size() - 1)}) {
      EXPECT_EQ(told(other), plain) << other;
    }
  }
}

// Every beginning of a file: what is left is told or refused, with the file's name in front and once.
TEST_F(OddFiles, CutShortAreToldOrRefused) {
  int refusals = 0;
  for (const auto& [format, text] : small_files()) {
    for (std::size_t length = 0; length < text.size(); length += 1 + length / 40) {
      refusals += told(text.substr(0, length)).starts_with("refused") ? 1 : 0;
    }
  }
  EXPECT_GT(refusals, 300);
}

// A character changed, lost or doubled anywhere is no different.
TEST_F(OddFiles, DamagedAreToldOrRefused) {
  for (const auto& [format, text] : small_files()) {
    for (std::size_t at = 0; at < text.size(); at += 3) {
      for (const char other : {'\0', '\xFF', '-', '0', ':', '[', '"'}) {
        std::string damaged = text;
        damaged[at] = other;
        static_cast<void>(told(damaged));
      }
      static_cast<void>(told(text.substr(0, at) + text.substr(at + 1)));
      static_cast<void>(told(text.substr(0, at) + text.substr(at, 4) + text.substr(at)));
    }
  }
}

// Blank or a mark alone is an empty file.
TEST_F(OddFiles, NothingIsEmpty) {
  for (const std::string text : {"", " ", "\n\n", "\r\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"})
    EXPECT_EQ(told(text), "refused: is empty");
}

// What is imported from a file says the same as the same file with other line ends.
TEST_F(OddFiles, ImportsAreTheSame) {
  for (const char* format : {"layer-text", "astra-sim-2-network", "astra-sim-1-network", "libra-network",
                             "class-prices", "astra-sim-2-system", "infragraph"}) {
    const std::string& text = small_files().at(format);
    static_cast<void>(told(text));
    const std::string plain = imported_text();
    static_cast<void>(told("\xEF\xBB\xBF" + with_ends(text, "\r\n")));
    EXPECT_EQ(imported_text(), plain) << format;
    EXPECT_EQ(plain.find('\r'), std::string::npos) << format;
  }
}

std::string layer_error(const std::string& text) {
  return refused([&] { return parse_layer_text(text, "t.txt"); });
}

TEST(OddLayerTexts, ErrorsNameLineAndColumn) {
  const std::string layer = "a -1 1 NONE 0 1 NONE 0 1 NONE 0 1";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"HYBRID_CUSTOMIZED\n1\n" + layer + " MICRO\n", "t.txt:3: policy: not the policy of a layer"},
      {"HYBRID_CUSTOMIZED\n1\n" + layer + "\n", "t.txt:3: layer: expected 12 columns and the layer's policy"},
      {"DATA 7\n1\n" + layer + "\n", "t.txt:1: policy: '7' is not a setting of a layer text"},
      {"MICRO all\n1\n" + layer + "\n", "t.txt:1: policy: 'all' is not a setting of a layer text"},
      {"HYBRID_DLRM x\n1\n" + layer + "\n",
       "t.txt:1: last bottom layer: 'x' is not a whole number from 0 to 65535"},
      {"DATA\n2\n" + layer + "\n", "t.txt:2: number of layers: 2, but 1 follow"},
      {"DATA\nmany\n" + layer + "\n",
       "t.txt:2: number of layers: 'many' is not a whole number from 1 to 65535"},
      {"DATA\n1\n" + layer + " 4\n", "t.txt:3: layer: 13 columns, expected 12"},
      {"DATA\n1\n\n\na -1 1 NONE 0 -1 NONE 0 1 NONE 0 1\n",
       "t.txt:5: input gradient: '-1' is not a whole number from 0 to 86400000000000"},
      {"DATA\n1\na -1 1 NONE 0 1 NONE 0 1 GATHER 0 1\n",
       "t.txt:3: weight gradient: 'GATHER' is not a collective (NONE, ALLREDUCE, ALLGATHER, REDUCESCATTER, "
       "ALLTOALL)"},
      {"HYBRID_TRANSFORMER_FWD_IN_BCKWD checkpoint_initiates: 1 5\n1\n" + layer + "\n",
       "t.txt:1: checkpoint_initiates: there is no layer 5"},
      {"HYBRID_TRANSFORMER_FWD_IN_BCKWD checkpoints: 2 0\n1\n" + layer + "\n",
       "t.txt:1: checkpoints: expected 2 layer numbers"},
      {"DATA\n", "t.txt:1: layers: expected a line per layer"}};
  for (const auto& [text, said] : cases) EXPECT_EQ(layer_error(text), said) << text;
  EXPECT_EQ(layer_error("HYBRID_DLRM 0\n1\n" + layer + "\n"), "");
  EXPECT_EQ(layer_error("HYBRID_DLRM\n1\n" + layer + "\n"), "");
}

// Numbers at their limits are kept to the last digit: a day in nanoseconds, a PiB.
TEST(OddLayerTexts, LimitsAreKept) {
  const LayerText text = parse_layer_text(
      "DATA\n1\nlast -1 86400000000000 NONE 0 0 NONE 0 1 ALLREDUCE 1125899906842624 86400000000000\n",
      "t.txt");
  EXPECT_EQ(text.model.lines[0].forward.compute, picoseconds(86'400'000'000'000'000));
  EXPECT_EQ(text.model.lines[0].weight_gradient.communication->collective.bytes,
            Bytes(std::int64_t{1} << 50));
  EXPECT_EQ(text.update, picoseconds(86'400'000'000'000'000));
  EXPECT_NE(layer_error("DATA\n1\na -1 86400000000001 NONE 0 0 NONE 0 0 NONE 0 0\n"), "");
  EXPECT_NE(layer_error("DATA\n1\na -1 1 NONE 1125899906842625 0 NONE 0 0 NONE 0 0\n"), "");
}

YamlValue json(const std::string& text) { return YamlValue::parse(text, "f.json"); }

// A window is of all dimensions at once: said once.
TEST(OddSystems, OneForAllDimensionsIsSaidOnce) {
  const AstraSimSystem system =
      read_astra_sim_1_system(json(R"({"all-to-all-implementation": "oneDirect4"})"));
  EXPECT_EQ(system.library.algorithms.by_dimension.size(), 16U);
  ASSERT_EQ(system.ignored.size(), 2U);
  EXPECT_THAT(system.ignored[1], HasSubstr("not held back by a window"));
}

TEST(OddNetworks, TemplatesHaveAKindAndACountForEachDimension) {
  const auto said = [](const std::string& text) {
    return refused([&] { return read_astra_sim_1_network(json(text)); });
  };
  EXPECT_EQ(said(R"({"topologies-per-dim": ["Ring", "Switch"], "units-count": [1]})"),
            "f.json:1: units-count: 1 values for 2 dimensions");
  EXPECT_EQ(said(R"({"topologies-per-dim": ["Ring"], "units-count": []})"),
            "f.json:1: units-count: 0 values for 1 dimensions");
  EXPECT_EQ(said(R"({"topologies-per-dim": [], "units-count": []})"),
            "f.json:1: topologies-per-dim: expected a kind for each dimension");
  EXPECT_EQ(said(R"({"topologies-per-dim": ["Ring"], "units-count": [1]})"), "");
}

// Of several units the one that is chosen counts, wherever it stands; 400 Gb/s are 50 GB/s.
TEST(OddInfraGraphs, TheChosenUnitCounts) {
  const auto with = [](const std::string& bandwidth, const std::string& latency) {
    std::string text = small_files().at("infragraph");
    const std::string plain = "{gigabits_per_second: 400}";
    return text.replace(text.find(plain), plain.size(), bandwidth + ", latency: " + latency);
  };
  const auto link = [&](const std::string& bandwidth, const std::string& latency) {
    return read_infragraph(YamlValue::parse(with(bandwidth, latency), "i.yaml"), {}).links.at(0);
  };
  for (const char* same :
       {"{gigabits_per_second: 400}", "{choice: gigabits_per_second, gigabits_per_second: 400}",
        "{gigabytes_per_second: 50}", "{gigatransfers_per_second: 400}",
        "{choice: gigabytes_per_second, gigabits_per_second: 1, gigabytes_per_second: 50}"}) {
    EXPECT_EQ(link(same, "{us: 2}").bandwidth, gb_per_s(50)) << same;
  }
  for (const char* same : {"{us: 2}", "{ns: 2000}", "{ms: 0.002}", "{choice: ns, ms: 7, ns: 2000}"})
    EXPECT_EQ(link("{gigabytes_per_second: 50}", same).latency, nanoseconds(2000)) << same;
  EXPECT_EQ(
      refused([&] { return link("{choice: gigabytes_per_second, gigabits_per_second: 1}", "{us: 2}"); }),
      "i.yaml:5: devices[0].links[0].physical.bandwidth: expected gigabits_per_second or "
      "gigabytes_per_second or "
      "gigatransfers_per_second");
}

}  // namespace
}  // namespace bandwright
