// Schedules of every kind, replayed: bytes and times add up whatever moves, units are factors, names and
// places in lists change nothing, and tables of kernels read back as they were measured.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/fields.h"
#include "memory/addresses.h"
#include "memory/cache.h"
#include "memory/first_touch.h"
#include "memory/graphs/kernel_csv.h"
#include "memory/placement.h"
#include "tests/memory/random_graph.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

constexpr Bytes boundless = Bytes(std::int64_t{1} << 60);

// A schedule that is possible: tensors are born anywhere and move between their uses by the rules of
// programs/schedule.h, before, after or beside kernels.
Schedule random_schedule(const TrainingGraph& graph, unsigned seed) {
  std::mt19937 random(seed);
  const auto draw = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  const Users uses = users(graph);
  Schedule schedule;
  struct Place {
    bool fast = false;
    bool slow = false;
  };
  std::vector<Place> place(graph.tensors.size());
  for (std::size_t t = 0; t < graph.tensors.size(); ++t) schedule.born_fast.push_back(draw(2) == 0);
  for (const TrainingGraph::Kept& kept : graph.kept)
    schedule.born_fast[static_cast<std::size_t>(kept.last)] =
        schedule.born_fast[static_cast<std::size_t>(kept.first)];
  const auto is_kept = [&](int tensor) {
    return std::any_of(graph.kept.begin(), graph.kept.end(),
                       [&](const TrainingGraph::Kept& kept) { return kept.last == tensor; });
  };
  for (int k = 0; k < static_cast<int>(graph.kernels.size()); ++k) {
    for (int t = 0; t < static_cast<int>(graph.tensors.size()); ++t) {
      const std::vector<int>& of = uses[static_cast<std::size_t>(t)];
      Place& at = place[static_cast<std::size_t>(t)];
      if (of.empty() || k < of.front() || k >= of.back()) continue;
      const bool born = k == of.front();
      if (born)
        at = {schedule.born_fast[static_cast<std::size_t>(t)],
              !schedule.born_fast[static_cast<std::size_t>(t)]};
      if (is_kept(t)) continue;
      const bool beside = draw(2) == 0 && !born;
      if (at.fast && draw(3) == 0) {
        if (!at.slow) schedule.actions.push_back({k, t, Move::WriteBack, beside});
        schedule.actions.push_back({k, t, Move::Drop});
        at = {false, true};
      } else if (!at.fast && !born && draw(3) == 0) {
        schedule.actions.push_back({k, t, Move::Fetch, beside});
        at.fast = true;
      }
    }
  }
  return schedule;
}

class Schedules : public testing::TestWithParam<unsigned> {
 protected:
  const TrainingGraph graph_ = random_graph(GetParam(), 12, GetParam() % 2 == 0);
  const Schedule schedule_ = random_schedule(graph_, GetParam());
  const TierPair tiers_ = test_tiers();
  const Replay played_ = replay(graph_, tiers_, schedule_, boundless);
};

// The total is what kernels take and what is waited for; every byte that moves has a span as long as its tier
// asks for; no copy runs beside another.
TEST_P(Schedules, AddUp) {
  ASSERT_EQ(played_.fault, "");
  EXPECT_EQ(played_.total, played_.kernels + played_.copy_stall + played_.overlap_stall);
  Bytes to_fast;
  Bytes to_slow;
  Time copies_end;
  Time waited;
  for (const Span& span : played_.spans) {
    if (span.tensor < 0) continue;
    const Bytes size = graph_.tensors[static_cast<std::size_t>(span.tensor)].bytes;
    const bool fetch = span.move == Move::Fetch;
    (fetch ? to_fast : to_slow) += size;
    const CopyBandwidth& copies = span.overlapped ? tiers_.overlapped : tiers_.copies;
    EXPECT_EQ(span.end - span.start,
              nanoseconds(to_double(size) / (fetch ? copies.to_fast : copies.to_slow).value()));
    EXPECT_GE(span.start, copies_end);
    copies_end = span.end;
    if (!span.overlapped) waited += span.end - span.start;
  }
  EXPECT_EQ(played_.to_fast, to_fast);
  EXPECT_EQ(played_.to_slow, to_slow);
  EXPECT_EQ(played_.copy_stall, waited);
  EXPECT_GE(played_.fast_share, 0.0);
  EXPECT_LE(played_.fast_share, 1.0);
}

// A limit of the peak holds it; a byte less does not. The peak is at least the largest of all stays.
TEST_P(Schedules, FitTheirPeakExactly) {
  EXPECT_EQ(replay(graph_, tiers_, schedule_, played_.peak_fast).fault, "");
  if (played_.peak_fast > Bytes(0)) {
    EXPECT_NE(replay(graph_, tiers_, schedule_, played_.peak_fast - Bytes(1)).fault, "");
  }
  const AddressPlan plan = assign_addresses(graph_, schedule_, played_.peak_fast);
  EXPECT_GE(plan.high_water, played_.peak_fast);
  EXPECT_LE(played_.peak_fast, peak_live(graph_));
}

// Tiers as many times faster and kernels as many times shorter: everything takes that much less.
TEST_P(Schedules, UnitsOfTimeAreFactors) {
  TrainingGraph faster = graph_;
  for (Kernel& kernel : faster.kernels) {
    kernel.fast_ns *= 0.5;
    for (double& ns : kernel.slow_ns) ns *= 0.5;
    for (Configuration& each : kernel.measured) each.ns *= 0.5;
  }
  TierPair tiers = tiers_;
  for (CopyBandwidth* copies : {&tiers.copies, &tiers.overlapped}) {
    copies->to_fast = copies->to_fast * 2.0;
    copies->to_slow = copies->to_slow * 2.0;
  }
  const Replay other = replay(faster, tiers, schedule_, boundless);
  EXPECT_NEAR(to_ns(other.total), 0.5 * to_ns(played_.total), 0.1);
  EXPECT_EQ(other.peak_fast, played_.peak_fast);
  EXPECT_EQ(other.peak_slow, played_.peak_slow);
  EXPECT_DOUBLE_EQ(other.fast_share, played_.fast_share);
}

// In which order tensors are listed is nobody's business.
TEST_P(Schedules, NumbersOfTensorsChangeNothing) {
  std::mt19937 random(GetParam());
  std::vector<int> number(graph_.tensors.size());
  std::iota(number.begin(), number.end(), 0);
  std::shuffle(number.begin(), number.end(), random);
  const auto of = [&](int tensor) { return number[static_cast<std::size_t>(tensor)]; };
  TrainingGraph other = graph_;
  Schedule moved = schedule_;
  for (std::size_t t = 0; t < number.size(); ++t) {
    other.tensors[static_cast<std::size_t>(number[t])] = graph_.tensors[t];
    moved.born_fast[static_cast<std::size_t>(number[t])] = schedule_.born_fast[t];
  }
  for (Kernel& kernel : other.kernels)
    std::transform(kernel.arguments.begin(), kernel.arguments.end(), kernel.arguments.begin(), of);
  for (TrainingGraph::Kept& kept : other.kept) kept = {of(kept.first), of(kept.last)};
  for (Action& action : moved.actions) action.tensor = of(action.tensor);
  const Replay played = replay(other, tiers_, moved, boundless);
  EXPECT_EQ(played.fault, "");
  EXPECT_EQ(played.total, played_.total);
  EXPECT_EQ(played.peak_fast, played_.peak_fast);
  EXPECT_EQ(played.peak_slow, played_.peak_slow);
  for (const char* policy : {"all-fast", "all-slow", "first-touch"}) {
    const Bytes limit = page * (peak_live(graph_).value() / page.value() / 2);
    EXPECT_EQ(place({other, tiers_, limit}, find_policy(policy), {}).ns,
              place({graph_, tiers_, limit}, find_policy(policy), {}).ns)
        << policy;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Schedules, testing::Range(0U, 40U));

// t0, two pages, is written back twice: the second copy takes its time and no room.
TEST(Copies, MadeTwiceTakeRoomOnce) {
  TrainingGraph graph;
  graph.tensors = {{"t0", page * 2}, {"t1", page}};
  graph.kernels = {{.name = "a", .arguments = {0}, .fast_ns = 10, .slow_ns = {1}},
                   {.name = "b", .arguments = {1}, .fast_ns = 10, .slow_ns = {1}},
                   {.name = "c", .arguments = {0, 1}, .outputs_from = 2, .fast_ns = 10, .slow_ns = {1, 1}}};
  const Schedule schedule{.born_fast = {true, true},
                          .actions = {{0, 0, Move::WriteBack}, {1, 0, Move::WriteBack}}};
  const Replay played = replay(graph, test_tiers(), schedule, boundless);
  EXPECT_EQ(played.fault, "");
  EXPECT_EQ(played.peak_slow, page * 2);
  EXPECT_EQ(played.to_slow, page * 4);
}

// A cache needs no more lines than there are addresses: of a petabyte it is as good as one of everything, and
// as soon told.
TEST(Caches, BeyondAllAddressesAreAllAlike) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    PlacementProblem problem{random_graph(seed, 12, false), test_tiers(), Bytes(std::int64_t{1} << 50)};
    const double ns = cache_model(problem, {}).ns;
    EXPECT_EQ(ns, place(problem, find_policy("all-fast"), {}).ns) << seed;  // a steady step misses nothing
    problem.fast_limit = Bytes(1 << 22);                                    // more than 12 tensors of 9 pages
    EXPECT_EQ(cache_model(problem, {}).ns, ns) << seed;
  }
}

// A measured graph as a table of kernels, one line for each configuration; D and F are fast, P and S slow.
std::string table_of(const TrainingGraph& graph, std::mt19937& random) {
  std::vector<std::string> lines;
  for (const Kernel& kernel : graph.kernels) {
    for (const Configuration& configuration : kernel.measured) {
      std::array<std::string, 2> names;
      std::array<std::string, 2> sizes;
      std::array<std::string, 2> letters;
      for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
        const std::size_t side = kernel.writes(a) ? 1 : 0;
        const Tensor& tensor = graph.tensors[static_cast<std::size_t>(kernel.arguments[a])];
        names.at(side) += (names.at(side).empty() ? "" : ";") + tensor.name;
        sizes.at(side) += (sizes.at(side).empty() ? "" : ";") + std::to_string(tensor.bytes.value());
        letters.at(side) += (configuration.slow >> a & 1U) != 0 ? "PS"[random() % 2] : "DF"[random() % 2];
      }
      lines.push_back(fmt::format("{},{},{},{},{},{}|{},{}\n", kernel.name, names[0], names[1], sizes[0],
                                  sizes[1], letters[0], letters[1], configuration.ns * 1e-3));
    }
  }
  std::shuffle(lines.begin(), lines.end(), random);
  std::string text =
      "\xEF\xBB\xBF"
      "# measured\r\nname,inputs,outputs,input_bytes,output_bytes,config,time_us\r\n";
  for (const std::string& line : lines) text += line;
  return text;
}

// In whatever order its lines come, all times and sizes are read as they were measured.
TEST(KernelTables, AreReadAsTheyWereMeasured) {
  std::mt19937 random(9);
  for (unsigned seed = 0; seed < 40; ++seed) {
    const TrainingGraph graph = random_graph(seed, 10, true);
    const TrainingGraph read = parse_kernel_csv(table_of(graph, random), "k.csv");
    EXPECT_TRUE(read.measured);
    ASSERT_EQ(read.kernels.size(), graph.kernels.size());
    for (const Kernel& kernel : graph.kernels) {
      const auto same = std::find_if(read.kernels.begin(), read.kernels.end(),
                                     [&](const Kernel& each) { return each.name == kernel.name; });
      ASSERT_NE(same, read.kernels.end());
      ASSERT_EQ(same->measured.size(), kernel.measured.size());
      for (std::uint32_t slow = 0; slow < 1U << kernel.arguments.size(); ++slow)
        EXPECT_NEAR(same->ns(slow), kernel.ns(slow), 1e-9 * kernel.ns(slow)) << seed;
    }
    const auto whole = [](const TrainingGraph& of) {
      return std::accumulate(of.tensors.begin(), of.tensors.end(), Bytes(),
                             [](Bytes sum, const Tensor& tensor) { return sum + tensor.bytes; });
    };
    EXPECT_EQ(whole(read), whole(graph)) << seed;
  }
}

TEST(KernelTables, ProblemsNameTheLineAndTheKernelOnce) {
  const std::string header = "name,inputs,outputs,input_bytes,output_bytes,config,time_us\n";
  const auto said = [&](const std::string& line) {
    return refused([&] { return parse_kernel_csv(header + line, "k.csv"); });
  };
  EXPECT_EQ(said("a,,t,,8,|D,1e13\n"),
            "k.csv:2: a: '1e13' is out of range: expected a number from 0 to 1000000000000");
  EXPECT_EQ(said("a,,t,,8,|D,\n"), "k.csv:2: a: '' is not a number from 0 to 1000000000000");
  EXPECT_EQ(said("a,,t,,8.5,|D,1\n"), "k.csv:2: a: '8.5' is not a whole number from 0 to 1125899906842624");
  EXPECT_EQ(said("a,,t;u,,8,|DD,1\n"), "k.csv:2: a: 2 outputs, 1 sizes and 2 letters of config 'DD'");
  EXPECT_EQ(said("a,,t,,8,||D,1\n"), "k.csv:2: config '||D' is not of the form inputs|outputs");
  EXPECT_EQ(said("a,,t,,8,|d,1\n"), "k.csv:2: a: config letter 'd', expected D or F (fast), P or S (slow)");
  EXPECT_EQ(said("a,,t,,0,|D,0\n"), "");
}

// Tiers that are written read back to the last bit.
TEST(TierFiles, AreReadAsTheyWereWritten) {
  TierPair tiers = test_tiers();
  tiers.help = "made up: \"here\"";
  tiers.fast.read = gb_per_s(1.0 / 3.0);
  tiers.slow.capacity = Bytes((std::int64_t{1} << 50) - 1);
  tiers.slow.dollars_per_gb = 0.1;
  tiers.compute = FlopRate(1e12 / 7.0);
  const std::string text = tier_fields().file_text(tiers);
  const TierPair read = read_tiers(YamlValue::parse(text, "t.yaml"));
  EXPECT_EQ(tier_fields().content(read), tier_fields().content(tiers));
  EXPECT_EQ(read.fast.read, tiers.fast.read);
  EXPECT_EQ(read.slow.capacity, tiers.slow.capacity);
  EXPECT_EQ(read.compute, tiers.compute);
  for (const char* key : {"capacity", "read", "to_fast", "compute"}) {
    std::string bad = text;
    const std::size_t at = bad.find(std::string(key) + ": ") + std::string(key).size() + 2;
    bad.replace(at, bad.find_first_of(",}\n", at) - at, "-1 GB/s");
    EXPECT_THAT(refused([&] { return read_tiers(YamlValue::parse(bad, "t.yaml")); }),
                testing::MatchesRegex(fmt::format("t.yaml:[0-9]+: [a-z._]*{}: .*", key)));
  }
}

}  // namespace
}  // namespace bandwright
