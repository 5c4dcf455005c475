#include "formats/chakra/trace_set.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"
#include "core/stopping.h"
#include "formats/chakra/trace_ties.h"
#include "tests/support/gpt_traces.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

class TraceSetTest : public testing::Test {
 protected:
  void write(int npu, const std::vector<TraceNode>& nodes) const {
    TraceWriter writer(folder / ("w." + std::to_string(npu) + ".et"));
    for (const TraceNode& node : nodes) writer.write(node);
    writer.close();
  }
  void write_groups(const std::string& json) const { std::ofstream(folder / "w.json") << json; }

  [[nodiscard]] std::string error() const {
    try {
      read_traces(folder, {}, 0, {});
    } catch (const InputError& error) {
      return fs::path(error.what()).filename().string();
    }
    return "no error";
  }

  static TraceNode compute(std::uint64_t id, std::vector<std::uint64_t> after) {
    return {.id = id, .dependencies = std::move(after), .duration = nanoseconds(100)};
  }
  static TraceNode reduce(std::uint64_t id, std::vector<std::uint64_t> after, std::string group) {
    return {.id = id,
            .kind = TraceNodeKind::Collective,
            .dependencies = std::move(after),
            .collective = {CollectiveKind::AllReduce, bytes(1000)},
            .group = std::move(group)};
  }

  const TemporaryFolder temporary;
  const fs::path& folder = temporary.path();
};

// NPUs 0, 1 and 2, 3 reduce in pairs: the groups have other names and members but one shape, so all four
// fold.
TEST_F(TraceSetTest, FoldsNpusThatDoTheSame) {
  write_groups(R"({"1": [0, 1], "2": [2, 3]})");
  for (int npu = 0; npu < 4; ++npu) write(npu, {compute(1, {}), reduce(2, {1}, npu < 2 ? "1" : "2")});
  const TraceSet set = read_traces(folder, {}, 0, {});
  EXPECT_EQ(set.npus, 4);
  EXPECT_EQ(set.nodes, 8U);
  ASSERT_EQ(set.classes.size(), 1U);
  EXPECT_EQ(set.classes[0].npus, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(set.groups.at("2"), (std::vector<int>{2, 3}));
}

TEST_F(TraceSetTest, KeepsApartWhatDiffers) {
  write(0, {compute(1, {})});
  write(1, {compute(1, {}), compute(2, {1})});
  write(2, {compute(1, {})});
  const TraceSet set = read_traces(folder, {}, 0, {});
  ASSERT_EQ(set.classes.size(), 2U);
  EXPECT_EQ(set.classes[0].npus, (std::vector<int>{0, 2}));
}

TEST_F(TraceSetTest, NamesWhatIsWrong) {
  EXPECT_NE(error().find("holds no traces"), std::string::npos);
  write(0, {compute(1, {9})});
  EXPECT_EQ(error(), "w.0.et: node 1 depends on node 9, which does not exist");
  write(0, {compute(1, {2}), compute(2, {1})});
  EXPECT_EQ(error(), "w.0.et: node 1 is part of a cycle of dependencies");
  write(0, {compute(1, {}), compute(1, {})});
  EXPECT_EQ(error(), "w.0.et: node 1 stands twice");
  write(0, {reduce(1, {}, "5")});
  EXPECT_EQ(error(), "w.0.et: node 1: there is no process group '5' (--groups FILE names their members)");
  write(0, {});
  EXPECT_EQ(error(), "w.0.et: holds no nodes");
  write(0, {compute(1, {})});
  write(2, {compute(1, {})});
  EXPECT_EQ(error(), "w.1.et: missing: the trace of NPU 1, while there is one of NPU 2");
}

// Only <prefix>.json is taken for the process groups of traces, whatever else lies beside them.
TEST_F(TraceSetTest, AnUnrelatedJsonIsNotLookedAt) {
  write(0, {compute(1, {})});
  write(1, {compute(1, {})});
  std::ofstream(folder / "other.json") << R"({"1": [0, 99]})";
  EXPECT_EQ(error(), "no error");
  EXPECT_TRUE(read_traces(folder, {}, 0, {}).groups.empty());
  write_groups(R"({"1": [0, 1]})");
  const TraceSet set = read_traces(folder, {}, 0, {});
  EXPECT_EQ(set.groups_file, folder / "w.json");
  EXPECT_EQ(set.groups.size(), 1U);
}

TEST_F(TraceSetTest, TwoFilesOfOneNpuAreRefused) {
  write(0, {compute(1, {})});
  fs::copy_file(folder / "w.0.et", folder / "w.00.et");
  try {
    read_traces(folder, {}, 0, {});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("holds w.0.et and w.00.et, both of NPU 0"), std::string::npos);
  }
}

// What check_ties says of NPU 0's and NPU 1's only nodes; "" when they fit together.
class TraceTiesTest : public TraceSetTest {
 protected:
  static TraceNode message(TraceNodeKind kind, std::int64_t peer, std::int64_t size) {
    return {.id = 1, .kind = kind, .collective = {CollectiveKind::PointToPoint, bytes(size)}, .peer = peer};
  }
  static TraceNode reduce_of(std::int64_t size) {
    return {
        .id = 1, .kind = TraceNodeKind::Collective, .collective = {CollectiveKind::AllReduce, bytes(size)}};
  }
  [[nodiscard]] std::string problem(const TraceNode& first, const TraceNode& second) const {
    return problem_of({first}, {second});
  }
  [[nodiscard]] std::string problem_of(const std::vector<TraceNode>& first,
                                       const std::vector<TraceNode>& second) const {
    write(0, first);
    write(1, second);
    const TraceSet set = read_traces(folder, {}, 0, {});
    try {
      check_ties(set);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  const TraceNode nothing = compute(1, {});
};

TEST_F(TraceTiesTest, EveryMessageHasTwoEndsOfOneSize) {
  const TraceNode send = message(TraceNodeKind::Send, 1, 1000);
  EXPECT_EQ(problem(send, message(TraceNodeKind::Receive, 0, 1000)), "");
  EXPECT_NE(problem(send, nothing).find("node 1 of NPU 0 sends to NPU 1 (tag 0), which does not receive"),
            std::string::npos);
  EXPECT_NE(problem(nothing, message(TraceNodeKind::Receive, 0, 1000))
                .find("node 1 of NPU 1 receives from NPU 0 (tag 0), which does not send"),
            std::string::npos);
  EXPECT_NE(problem(send, message(TraceNodeKind::Receive, 0, 999)).find("of the same message"),
            std::string::npos);
}

// Each NPU sends what the other waits for only after it has received; and the same over a collective, which
// one calls before it sends, the other after it has received.
TEST_F(TraceTiesTest, NobodyWaitsForItselfOverMessages) {
  const auto with = [](TraceNode node, std::uint64_t id, std::vector<std::uint64_t> after) {
    node.id = id;
    node.dependencies = std::move(after);
    return node;
  };
  const auto send = [&](std::int64_t peer) { return message(TraceNodeKind::Send, peer, 1000); };
  const auto receive = [&](std::int64_t peer) { return message(TraceNodeKind::Receive, peer, 1000); };
  const auto both = [&](bool receive_first, std::int64_t peer) {
    const TraceNode first = receive_first ? receive(peer) : send(peer);
    return std::vector<TraceNode>{with(first, 1, {}),
                                  with(receive_first ? send(peer) : receive(peer), 2, {1})};
  };
  EXPECT_EQ(problem_of(both(false, 1), both(true, 0)), "");
  EXPECT_NE(problem_of(both(true, 1), both(true, 0)).find("nodes can never start, node 1 of NPU 0"),
            std::string::npos);
  const std::vector<TraceNode> reduces_first = {with(reduce_of(8), 1, {}), with(send(1), 2, {1})};
  EXPECT_NE(
      problem_of(reduces_first, {with(receive(0), 1, {}), with(reduce_of(8), 2, {1})}).find("never start"),
      std::string::npos);
  EXPECT_EQ(problem_of(reduces_first, {with(reduce_of(8), 1, {}), with(receive(0), 2, {1})}), "");
}

TEST_F(TraceTiesTest, MembersOfACollectiveSayTheSame) {
  EXPECT_EQ(problem(reduce_of(1000), reduce_of(1000)), "");
  EXPECT_NE(problem(reduce_of(1000), reduce_of(1001)).find("of the same collective"), std::string::npos);
  TraceNode gather = reduce_of(1000);
  gather.collective.kind = CollectiveKind::AllGather;
  EXPECT_NE(problem(reduce_of(1000), gather).find("of the same collective"), std::string::npos);
  EXPECT_NE(problem(reduce_of(1000), nothing).find("calls 0"), std::string::npos);
}

// A GPT on 64 NPUs in four stages of 16: a kind of NPU each. Without a pipeline all are of one kind.
TEST_F(TraceSetTest, GptTracesFold) {
  write_gpt_traces({.trace = "pipeline", .data = 4, .tensor = 4, .stages = 4}, folder);
  const TraceSet pipeline = read_traces(folder, {}, 0, {});
  EXPECT_EQ(pipeline.npus, 64);
  EXPECT_EQ(pipeline.classes.size(), 4U);
  const TemporaryFolder flat;
  write_gpt_traces({.trace = "flat 8", .data = 2, .tensor = 4}, flat.path());
  EXPECT_EQ(read_traces(flat / "w", {}, 0, {}).classes.size(), 1U);
}

TEST_F(TraceSetTest, ReadingEndsWhenAsked) {
  for (int npu = 0; npu < 4; ++npu) write(npu, {compute(1, {})});
  std::stop_source stop;
  const StopScope scope(stop.get_token());
  const auto stop_after_two = [&](const TraceProgress& progress) {
    EXPECT_LE(progress.files, 2);
    if (progress.files == 2) stop.request_stop();
  };
  EXPECT_THROW(read_traces(folder, {}, 0, stop_after_two), Stopped);
}

// A single file of many nodes.
TEST_F(TraceSetTest, ReadingAFileEndsWhenAsked) {
  std::vector<TraceNode> nodes;
  for (std::uint64_t id = 1; id <= 1000; ++id) nodes.push_back(compute(id, {}));
  write(0, nodes);
  std::stop_source stop;
  const StopScope scope(stop.get_token());
  EXPECT_EQ(read_traces(folder / "w.0.et", {}, 1, {}).nodes, 1000U);
  stop.request_stop();
  EXPECT_THROW(read_traces(folder / "w.0.et", {}, 1, {}), Stopped);
}

}  // namespace
}  // namespace bandwright
