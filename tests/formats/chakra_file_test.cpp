#include "formats/chakra/chakra_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <random>

#include "core/error.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

class ChakraFile : public testing::Test {
 protected:
  void TearDown() override { fs::remove(path); }

  void write(const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

  std::string error() {
    try {
      TraceFile file(path);
      while (file.next()) continue;
    } catch (const InputError& error) {
      return std::string(error.what()).substr(path.string().size());
    }
    return "no error";
  }

  const fs::path path = fs::temp_directory_path() / ("bandwright_chakra_" + std::to_string(getpid()) + ".et");
};

TEST_F(ChakraFile, NodesComeBackAsWritten) {
  const TraceNode compute{.id = 7,
                          .name = "gemm",
                          .dependencies = {3, 5},
                          .duration = picoseconds(1'234'567'891),
                          .operations = 1'000'000'007,
                          .tensor = bytes(4096)};
  const TraceNode reduce{.id = 8,
                         .kind = TraceNodeKind::Collective,
                         .name = "grad",
                         .dependencies = {7},
                         .collective = {CollectiveKind::AllReduce, bytes(123'456'789)},
                         .group = "12"};
  const TraceNode send{.id = 9,
                       .kind = TraceNodeKind::Send,
                       .collective = {CollectiveKind::PointToPoint, bytes(77)},
                       .peer = 511,
                       .tag = 4};
  TraceWriter writer(path);
  for (const TraceNode& node : {compute, reduce, send}) writer.write(node);
  writer.close();

  TraceFile file(path);
  const auto first = file.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->id, 7U);
  EXPECT_EQ(first->dependencies, (std::vector<std::uint64_t>{3, 5}));
  EXPECT_EQ(first->duration, compute.duration);
  EXPECT_EQ(first->operations, compute.operations);
  EXPECT_EQ(first->tensor, compute.tensor);
  const auto second = file.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->collective, reduce.collective);
  EXPECT_EQ(second->group, "12");
  const auto third = file.next();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->peer, 511);
  EXPECT_EQ(third->tag, 4);
  EXPECT_EQ(third->collective, send.collective);
  EXPECT_FALSE(file.next());
}

// Nodes of every kind with any numbers, in the order in which they were written.
TEST_F(ChakraFile, AnyNodesComeBack) {
  std::mt19937_64 random(5);
  const auto draw = [&](std::uint64_t below) { return random() % below; };
  constexpr std::array kinds = {CollectiveKind::AllReduce, CollectiveKind::AllGather,
                                CollectiveKind::ReduceScatter, CollectiveKind::AllToAll,
                                CollectiveKind::Broadcast};
  std::vector<TraceNode> nodes;
  for (int i = 0; i < 300; ++i) {
    TraceNode node{.id = draw(std::uint64_t{1} << draw(40)), .name = "node " + std::to_string(i)};
    node.kind = std::array{TraceNodeKind::Compute, TraceNodeKind::Send, TraceNodeKind::Receive,
                           TraceNodeKind::Collective, TraceNodeKind::Memory}[draw(5)];
    node.duration = picoseconds(static_cast<std::int64_t>(draw(std::uint64_t{1} << 50)));
    node.on_cpu = draw(2) == 0;
    for (std::uint64_t k = draw(4); k > 0; --k) node.dependencies.push_back(draw(1000));
    if (node.kind == TraceNodeKind::Compute) node.operations = draw(std::uint64_t{1} << 50);
    if (node.kind == TraceNodeKind::Compute || node.kind == TraceNodeKind::Memory) {
      node.tensor = bytes(static_cast<std::int64_t>(draw(std::uint64_t{1} << 40)));
    } else {
      node.collective.bytes = bytes(1 + static_cast<std::int64_t>(draw(std::uint64_t{1} << 40)));
      node.collective.kind = CollectiveKind::PointToPoint;
      node.peer = static_cast<std::int64_t>(draw(1 << 20));
      node.tag = static_cast<std::int64_t>(draw(1 << 20));
    }
    if (node.kind == TraceNodeKind::Collective) {
      node.collective.kind = kinds[draw(kinds.size())];
      node.peer = -1;
      node.tag = 0;
      if (draw(2) == 0) node.group = std::to_string(draw(100));
      for (std::uint64_t d = draw(4); d > 0; --d) node.dimensions.push_back(draw(2) == 0);
    }
    nodes.push_back(node);
  }
  TraceWriter writer(path);
  for (const TraceNode& node : nodes) writer.write(node);
  writer.close();
  TraceFile file(path);
  for (const TraceNode& node : nodes) {
    const auto found = file.next();
    ASSERT_TRUE(found) << node.name;
    EXPECT_EQ(found->id, node.id);
    EXPECT_EQ(found->kind, node.kind);
    EXPECT_EQ(found->name, node.name);
    EXPECT_EQ(found->on_cpu, node.on_cpu);
    EXPECT_EQ(found->dependencies, node.dependencies);
    EXPECT_EQ(found->duration, node.duration);
    EXPECT_EQ(found->operations, node.operations);
    EXPECT_EQ(found->tensor, node.tensor);
    EXPECT_EQ(found->group, node.group);
    EXPECT_EQ(found->peer, node.peer);
    EXPECT_EQ(found->tag, node.tag);
    if (node.kind == TraceNodeKind::Compute || node.kind == TraceNodeKind::Memory) continue;
    EXPECT_EQ(found->collective, node.collective);
    EXPECT_EQ(found->dimensions, node.dimensions);
  }
  EXPECT_FALSE(file.next());
  EXPECT_EQ(file.position(), file.size());
}

// A valid metadata message: field 1 (version), 5 bytes.
const std::string metadata = std::string("\x07\x0a\x05") + "0.0.4";

TEST_F(ChakraFile, DamagedFilesAreNamedWithTheirByte) {
  write("");
  EXPECT_EQ(error(), ": is empty, expected a Chakra trace");
  write("\x07\x0a\x05");
  EXPECT_EQ(error(), ": byte 0: is truncated: a message of 7 bytes, but 2 are left");
  write("\x01\xff");
  EXPECT_EQ(error(), ": byte 0: is not a Chakra trace (no metadata)");
  write(metadata + "\x80");
  EXPECT_EQ(error(), ": byte 8: ends inside a message length");
  write(metadata + "\x80\xc8\xaf\xa0\x25");  // 10 GB
  EXPECT_EQ(error(), ": byte 8: a message of 10000000000 bytes, expected at most 64 MiB");
  write(metadata + std::string(11, '\xff'));
  EXPECT_EQ(error(), ": byte 8: is not a Chakra trace (a message length of more than 10 bytes)");
  write(metadata + "\x02\x0a\x09");
  EXPECT_EQ(error(), ": byte 8: is not a node of a Chakra trace");
  write(metadata + "\x04\x08\x05\x18\x0b");  // id 5, type 11
  EXPECT_EQ(error(), ": node 5 (byte 8): type 11 is not in the schema");
}

TEST_F(ChakraFile, OtherSchemaVersionsAreRefused) {
  write(std::string("\x07\x0a\x05") + "2.0.0");
  EXPECT_EQ(error(), ": byte 0: schema version '2.0.0' is not supported, expected 0.0.4 or 1.0.0");
  write(std::string("\x14\x0a\x12") + "1.1.1-chakra.0.0.4");
  EXPECT_EQ(error(), "no error");
}

// Schema 1.0.0 has the same nodes, and those of storage: id 5, type 8, 3 us, and what it did there (field
// 11).
TEST_F(ChakraFile, NodesOfSchemaOne) {
  write(std::string("\x07\x0a\x05") + "1.0.0" +
        std::string("\x0a\x08\x05\x18\x08\x38\x03\x5a\x02\x08\x01", 11));
  TraceFile file(path);
  const std::optional<TraceNode> node = file.next();
  ASSERT_TRUE(node);
  EXPECT_EQ(node->id, 5U);
  EXPECT_EQ(node->kind, TraceNodeKind::Storage);
  EXPECT_EQ(node->duration, nanoseconds(3000));
  EXPECT_FALSE(file.next());
}

// Text is bytes to protobuf: names that are not UTF-8 are made so.
TEST_F(ChakraFile, NamesNeedNotBeUtf8) {
  write(metadata + "\x07\x08\x05\x12\x01\xff\x18\x04");
  TraceFile file(path);
  EXPECT_EQ(file.next()->name, "?");
}

TEST_F(ChakraFile, MissingFile) { EXPECT_EQ(error(), ": no such file"); }

}  // namespace
}  // namespace bandwright
