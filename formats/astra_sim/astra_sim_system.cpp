#include "formats/astra_sim/astra_sim_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/cut.h"
#include "core/text.h"

namespace bandwright {
namespace {

// ASTRA-sim 1.0's backend has this in its code: bytes per nanosecond of a local reduction.
constexpr double version_1_reduction_gb_per_s = 500'000.0;

struct Implementation {
  std::string_view key;
  CollectiveKind kind;
};
constexpr std::array implementations = {
    Implementation{"all-reduce-implementation", CollectiveKind::AllReduce},
    Implementation{"all-gather-implementation", CollectiveKind::AllGather},
    Implementation{"reduce-scatter-implementation", CollectiveKind::ReduceScatter},
    Implementation{"all-to-all-implementation", CollectiveKind::AllToAll}};

struct Unused {
  std::string_view key;
  std::string_view reason;
};
constexpr std::array unused_keys = {
    Unused{"boost-mode", "identical NPUs are always folded"},
    Unused{"model-shared-bus", "the memory bus inside an NPU is not modelled"},
    Unused{"L", "the memory bus inside an NPU is not modelled"},
    Unused{"o", "the memory bus inside an NPU is not modelled"},
    Unused{"g", "the memory bus inside an NPU is not modelled"},
    Unused{"G", "the memory bus inside an NPU is not modelled"},
    Unused{"local-reduction-delay", "reductions take the time of local-mem-bw"},
    Unused{"trace-enabled", "--timeline FILE writes one"},
    Unused{"replay-only", "compute runs as measured unless roofline-enabled is 1"},
    Unused{"track-local-mem", "memory use is not recorded"},
    Unused{"local-mem-trace-filename", "memory use is not recorded"}};

struct AlgorithmWord {
  std::string_view word;
  std::string_view algorithm;
};
constexpr std::array algorithm_words = {AlgorithmWord{"ring", "ring"}, AlgorithmWord{"direct", "direct"},
                                        AlgorithmWord{"halvingDoubling", "halving-doubling"},
                                        AlgorithmWord{"doubleBinaryTree", "double-binary-tree"}};

class SystemReader {
 public:
  explicit SystemReader(const YamlValue& root) : root_(root) {
    result_.library.name = std::filesystem::path(root.place().file).stem().string();
    result_.library.chunks = 1;
    result_.library.truncate = true;
    result_.library.gib = true;
  }

  AstraSimSystem read_1();
  AstraSimSystem read_2();

 private:
  void read_common();
  void read_implementation(const Implementation& implementation);
  void add_algorithm(const YamlValue& place, std::string_view word, CollectiveKind kind,
                     std::size_t dimension);
  void report_ignored();
  std::optional<YamlValue> take(std::string_view key) {
    known_.emplace_back(key);
    return root_.find(key);
  }

  const YamlValue& root_;
  AstraSimSystem result_;
  std::vector<std::string> known_;
};

void SystemReader::add_algorithm(const YamlValue& place, std::string_view word, CollectiveKind kind,
                                 std::size_t dimension) {
  auto& all = result_.library.algorithms.by_dimension;
  for (const AlgorithmWord& known : algorithm_words) {
    const bool exact = word == known.word;
    const bool window = known.word == "direct" && word.starts_with("direct");
    if (!exact && !window) continue;
    if (!exact) {
      const std::string_view window_size = word.substr(known.word.size());
      place.parsed("an algorithm", [&](std::string_view) { return parse_integer(window_size, 1, max_npus); });
      const std::string note =
          fmt::format("{}: {}: messages are not held back by a window", place.place().key, word);
      const bool said = !result_.ignored.empty() && result_.ignored.back() == note;  // of all dimensions
      if (!said) result_.ignored.push_back(note);
    }
    if (all.size() <= dimension) all.resize(dimension + 1);
    all[dimension][kind] = known.algorithm;
    return;
  }
  place.fail(fmt::format("'{}' is not an algorithm (ring, direct, halvingDoubling, doubleBinaryTree)", word));
}

// Version 1 joins the dimensions' words by '_'. A word that starts with "one" stands for all dimensions
// together.
void SystemReader::read_implementation(const Implementation& implementation) {
  const std::string custom = std::string(implementation.key) + "-custom";
  if (const auto value = take(custom)) value->fail("custom collectives are not supported");
  const auto value = take(implementation.key);
  if (!value) return;
  std::vector<std::pair<YamlValue, std::string>> words;
  if (value->is_list()) {
    for (const YamlValue& item : value->items()) words.emplace_back(item, item.as_string());
  } else {
    const std::string text = value->as_string();
    for (const std::string_view word : split(text, '_')) words.emplace_back(*value, word);
  }
  if (words.size() > max_dimensions) value->fail("more than 16 dimensions");
  for (std::size_t d = 0; d < words.size(); ++d) {
    const std::string& word = words[d].second;
    if (!word.starts_with("one") || word.size() == 3) {
      add_algorithm(words[d].first, word, implementation.kind, d);
      continue;
    }
    if (words.size() > 1) value->fail("one... stands for all dimensions, but others follow");
    result_.ignored.push_back(
        fmt::format("{}: {}: run on each dimension in turn, not on all as one", implementation.key, word));
    const std::string plain = static_cast<char>(word[3] | 0x20) + word.substr(4);
    for (std::size_t all = 0; all < max_dimensions; ++all) {
      add_algorithm(words[d].first, plain, implementation.kind, all);
    }
  }
}

void SystemReader::read_common() {
  Library& system = result_.library;
  const auto one_of = [](const YamlValue& value, std::initializer_list<std::string_view> words) {
    const std::string word = value.as_string();
    std::size_t index = 0;
    for (const std::string_view known : words) {
      if (equal_ignoring_case(word, known)) return index;
      ++index;
    }
    value.fail(fmt::format("'{}' is not supported, expected {}", word, fmt::join(words, " or ")));
  };
  if (const auto value = take("scheduling-policy")) {
    system.collectives =
        one_of(*value, {"LIFO", "FIFO"}) == 0 ? CollectiveOrder::Lifo : CollectiveOrder::Fifo;
  }
  if (const auto value = take("collective-optimization")) {
    system.composition =
        one_of(*value, {"baseline", "localBWAware"}) == 0 ? Composition::Plain : Composition::Hierarchical;
  }
  if (const auto value = take("intra-dimension-scheduling")) {
    system.chunk_order =
        one_of(*value, {"FIFO", "smallestFirst"}) == 0 ? ChunkOrder::Fifo : ChunkOrder::SmallestFirst;
  }
  if (const auto value = take("inter-dimension-scheduling")) {
    // ASTRA-sim's word for "no scheduling of its own" is baseline.
    system.scheduler =
        one_of(*value, {"offlineGreedy", "ascending", "baseline"}) == 0 ? "themis" : "ascending";
  }
  if (const auto value = take("preferred-dataset-splits")) {
    system.chunks = static_cast<int>(value->as_integer(1, max_chunks));
  }
  if (const auto value = take("endpoint-delay"))
    system.endpoint_delay = nanoseconds(value->as_number(0.0, 1e12));
  if (const auto value = take("active-chunks-per-dimension"); value && value->as_integer(1, max_chunks) > 1) {
    result_.ignored.push_back(
        fmt::format("{}: a dimension serves one chunk at a time, as its wire does", value->place().key));
  }
  for (const Implementation& implementation : implementations) read_implementation(implementation);
}

void SystemReader::report_ignored() {
  for (const auto& [key, value] : root_.entries()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto reason = std::find_if(unused_keys.begin(), unused_keys.end(),
                                     [&, name = key](const Unused& row) { return row.key == name; });
    if (reason != unused_keys.end()) {
      result_.ignored.push_back(fmt::format("{}: {}", key, reason->reason));
      continue;
    }
    const std::vector<std::string_view> names(known_.begin(), known_.end());
    result_.ignored.push_back(
        fmt::format("{}: not a key of a system file{}", printable(key), did_you_mean(key, names)));
  }
}

AstraSimSystem SystemReader::read_1() {
  read_common();
  result_.library.reduction_bandwidth = gb_per_s(version_1_reduction_gb_per_s);
  result_.library.bookkeeping = nanoseconds(1);
  report_ignored();
  return std::move(result_);
}

AstraSimSystem SystemReader::read_2() {
  read_common();
  if (const auto value = take("per-node-custom-implementation"))
    value->fail("custom collectives are not supported");
  if (const auto value = take("local-mem-bw")) {
    result_.memory = gb_per_s(value->as_number(1e-6, 1e9));
    result_.library.reduction_bandwidth = result_.memory;
  }
  const auto roofline = take("roofline-enabled");
  const auto peak = take("peak-perf");
  if (roofline && roofline->as_integer(0, 1) == 1) {
    if (!peak) roofline->fail("needs peak-perf (TFLOP/s)");
    if (result_.memory == Bandwidth()) roofline->fail("needs local-mem-bw (GB/s)");
    result_.peak = FlopRate(peak->as_number(1e-9, 1e9) * 1e12);
  }
  report_ignored();
  return std::move(result_);
}

}  // namespace

AstraSimSystem read_astra_sim_1_system(const YamlValue& root) { return SystemReader(root).read_1(); }
AstraSimSystem read_astra_sim_2_system(const YamlValue& root) { return SystemReader(root).read_2(); }

}  // namespace bandwright
