// Whatever happens to a valid trace on its way, the answer is a trace again or one clear error.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "core/error.h"
#include "formats/chakra/trace_step.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

class TraceDamage : public testing::Test {
 protected:
  void SetUp() override {
    TraceWriter writer(file);
    writer.write({.id = 1,
                  .kind = TraceNodeKind::Metadata,
                  .name = "## process_group:init ##",
                  .text = R"(['[{"pg_name": "1", "ranks": [0, 1]}, {"pg_name": "2", "ranks": [2, 3]}]'])"});
    for (std::uint64_t id = 2; id < 30; ++id) {
      TraceNode node{.id = id, .name = "node", .dependencies = {id - 1, id / 2}, .operations = 1000 * id};
      if (id % 3 == 0) {
        node.kind = TraceNodeKind::Collective;
        node.collective = {CollectiveKind::AllReduce, bytes(1 << 20)};
        if (id % 2 == 0) node.group = "1";
        if (id % 5 == 0) node.dimensions = {true, false};
      } else if (id % 7 == 0) {
        node.kind = TraceNodeKind::Memory;
        node.tensor = bytes(4096);
      }
      writer.write(node);
    }
    writer.close();
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    valid = text.str();
  }

  // "" for a trace that plays, else the error.
  std::string read(const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
    try {
      const TraceSet set = read_traces(file, {}, 4, {});
      const Network network = parse_network("Ring(2)_Switch(2)");
      const TraceStep step = trace_step(set, network, {}, GroupRoute::Grid);
      const IssuedStep issued =
          fix_issue_order(step.graph, step.issues, [](const Operation&) { return nanoseconds(10); });
      EXPECT_EQ(issued.graph.operations.size(), set.classes[0].nodes.size());
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }

  // One line that says where: the byte, or the node.
  void expect_clear(const std::string& problem) {
    if (problem.empty()) return;
    EXPECT_EQ(problem.find('\n'), std::string::npos) << problem;
    const bool place =
        problem.find("byte ") != std::string::npos || problem.find("node ") != std::string::npos;
    EXPECT_TRUE(place || problem.find("is empty") != std::string::npos ||
                problem.find("holds no nodes") != std::string::npos)
        << problem;
  }

  std::size_t pick(std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random);
  }

  const TemporaryFolder folder;
  const fs::path file = folder / "damaged.et";
  std::string valid;
  std::mt19937 random{20220415};
};

TEST_F(TraceDamage, TheTraceItselfIsFine) { EXPECT_EQ(read(valid), ""); }

TEST_F(TraceDamage, CutAnywhere) {
  for (std::size_t size = 0; size < valid.size(); ++size) expect_clear(read(valid.substr(0, size)));
}

TEST_F(TraceDamage, BitsTurnedOver) {
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string bytes = valid;
    for (std::size_t k = pick(1, 4); k > 0; --k) {
      bytes[pick(0, bytes.size() - 1)] ^= static_cast<char>(1U << pick(0, 7));
    }
    const std::string problem = read(bytes);
    expect_clear(problem);
    refused += problem.empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 500);
}

// A length of up to 2^63 bytes anywhere: nothing is reserved for it.
TEST_F(TraceDamage, WrongLengths) {
  for (int i = 0; i < 500; ++i) {
    std::string length(pick(1, 9), '\xff');
    length += static_cast<char>(pick(0, 127));
    std::string bytes = valid;
    bytes.replace(pick(0, bytes.size() - 12), length.size(), length);
    expect_clear(read(bytes));
  }
}

TEST_F(TraceDamage, DependenciesThatGoAnywhere) {
  int cycles = 0;
  int dangling = 0;
  for (int i = 0; i < 300; ++i) {
    TraceWriter writer(file);
    for (std::uint64_t id = 1; id <= 12; ++id) {
      TraceNode node{.id = id, .name = "node"};
      for (std::size_t k = pick(0, 2); k > 0; --k) {
        node.dependencies.push_back(pick(0, 20) == 0 ? 99 : pick(1, id + (pick(0, 9) == 0 ? 2 : 0)));
        if (node.dependencies.back() > 12) node.dependencies.back() = 99;
        if (node.dependencies.back() == id) node.dependencies.pop_back();
      }
      writer.write(node);
    }
    writer.close();
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    const std::string problem = read(text.str());
    expect_clear(problem);
    cycles += problem.find("is part of a cycle of dependencies") != std::string::npos ? 1 : 0;
    dangling += problem.find("depends on node 99, which does not exist") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(cycles, 0);
  EXPECT_GT(dangling, 0);
}

}  // namespace
}  // namespace bandwright
