#include "formats/astra_sim/layer_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/catalogue.h"
#include "core/text.h"
#include "formats/astra_sim/layer_words.h"

namespace bandwright {
namespace {
using Words = std::vector<std::string_view>;

struct Policy {
  std::string_view name;
  std::string_view help;
  Axis forward;  // and input gradient
  Axis weight_gradient;
  GroupLayout layout;
};

constexpr auto inside = GroupLayout::TensorInside;
constexpr auto first_and_rest = GroupLayout::FirstAndRest;
constexpr std::array policies = {
    Policy{"DATA", "data parallel", Axis::World, Axis::World, inside},
    Policy{"MODEL", "model parallel", Axis::World, Axis::World, inside},
    Policy{"HYBRID_DATA_MODEL", "model parallel on dimension 0", Axis::Tensor, Axis::Data, first_and_rest},
    Policy{"HYBRID_MODEL_DATA", "data parallel on dimension 0", Axis::Data, Axis::Tensor, first_and_rest},
    Policy{"HYBRID_TRANSFORMER", "model parallel inside", Axis::Tensor, Axis::Data, inside},
    Policy{"HYBRID_TRANSFORMER_FWD_IN_BCKWD", "the same, recomputing", Axis::Tensor, Axis::Data, inside},
    Policy{"HYBRID_DLRM", "embeddings and dense layers over all", Axis::World, Axis::World, inside},
    Policy{"HYBRID_CUSTOMIZED", "a policy per layer", Axis::Tensor, Axis::Data, first_and_rest},
    Policy{"MICRO", "one collective over all", Axis::World, Axis::World, inside}};
// LIBRA's texts: groups come with a communicator file.
constexpr Policy without_policy{"", "", Axis::Tensor, Axis::Data, inside};

constexpr std::int64_t longest_ns = 86'400'000'000'000;  // a day
constexpr std::int64_t most_layer_bytes = std::int64_t{1} << 50;
constexpr std::size_t most_layers = 65'535;

Words words_of(std::string_view line) {
  Words words;
  while (true) {
    line = trimmed(line);
    if (line.empty()) return words;
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// One line of the file, with its place for messages.
struct Row {
  Place place;
  Words words;

  // A column by its name, a setting by its key.
  [[nodiscard]] Place at(std::string_view column) const {
    if (column.ends_with(':')) column.remove_suffix(1);
    return {place.file, place.line, std::string(column)};
  }
  [[noreturn]] void fail(std::string_view column, std::string_view problem) const {
    throw InputError(at(column), problem);
  }
  [[nodiscard]] std::int64_t integer(std::size_t index, std::string_view column, std::int64_t low,
                                     std::int64_t high) const {
    return placed(at(column), [&] { return parse_integer(words[index], low, high); });
  }
};

std::vector<Row> rows_of(std::string_view text, const std::string& file_name) {
  std::vector<Row> rows;
  int number = 0;
  for (const std::string_view line : split(text, '\n')) {
    Row row{{file_name, ++number, {}}, words_of(line)};
    if (!row.words.empty()) rows.push_back(std::move(row));
  }
  if (rows.empty()) throw InputError(Place{file_name}, "is empty, expected a layer text");
  return rows;
}

// What the first line says.
struct Header {
  const Policy* policy = &without_policy;
  std::int64_t model_parallel = 1;
  std::vector<std::int64_t> initiates;  // layers before whose backward pass recomputation starts
};

std::vector<std::int64_t> counted_list(const Row& row, std::size_t& at) {
  const std::string_view key = row.words[at++];
  if (at >= row.words.size()) row.fail(key, "expected how many layers follow");
  const std::int64_t count = row.integer(at++, key, 0, most_layers);
  std::vector<std::int64_t> layers;
  for (std::int64_t i = 0; i < count; ++i) {
    if (at >= row.words.size()) row.fail(key, fmt::format("expected {} layer numbers", count));
    layers.push_back(row.integer(at++, key, 0, most_layers));
  }
  return layers;
}

// SimAI's headers say more; at 1 each of these changes nothing.
constexpr std::array simai_settings = {
    std::pair{std::string_view("ep:"), std::string_view("expert parallelism")},
    std::pair{std::string_view("pp:"), std::string_view("pipeline parallelism")},
    std::pair{std::string_view("vpp:"), std::string_view("virtual pipeline stages")},
    std::pair{std::string_view("ga:"), std::string_view("gradient accumulation")}};

// Whether the setting at `at` was one of SimAI's. Throws InputError where it would change the step.
bool read_simai_setting(const Row& row, std::size_t& at) {
  const std::string_view key = row.words[at];
  if (at + 1 >= row.words.size()) return false;
  if (key == "all_gpus:") {
    at += 2;
    return true;
  }
  for (const auto& [name, meaning] : simai_settings) {
    if (key != name) continue;
    const std::int64_t value = row.integer(at + 1, key, 0, max_npus);
    if (value > 1)
      row.fail(key,
               fmt::format("{} of {} (a setting of SimAI's) is not supported, expected 1", meaning, value));
    at += 2;
    return true;
  }
  return false;
}

const Policy& policy_named(const Row& row, std::size_t index) {
  return placed(row.at("policy"), [&]() -> const Policy& {
    return find_in_catalogue(std::span<const Policy>(policies), row.words[index], "policy");
  });
}

Header read_header(const Row& row) {
  Header header;
  header.policy = &policy_named(row, 0);
  for (std::size_t at = 1; at < row.words.size();) {
    const std::string_view key = row.words[at];
    if (key == "checkpoints:") {
      counted_list(row, at);
    } else if (key == "checkpoint_initiates:") {
      header.initiates = counted_list(row, at);
    } else if (key == "model_parallel_NPU_group:" && at + 1 < row.words.size()) {
      header.model_parallel = row.integer(at + 1, key, 1, max_npus);
      at += 2;
    } else if (read_simai_setting(row, at)) {
      continue;
    } else if (at == 1 && header.policy->name == "HYBRID_DLRM") {
      static_cast<void>(row.integer(at++, "last bottom layer", 0, most_layers));
    } else {
      row.fail("policy", fmt::format("'{}' is not a setting of a layer text", printable(key)));
    }
  }
  return header;
}

Pass read_pass(const Row& row, std::size_t at, std::string_view column, Axis axis) {
  Pass pass{.compute = Time(row.integer(at, column, 0, longest_ns) * 1000)};
  const std::int64_t size = row.integer(at + 2, column, 0, most_layer_bytes);
  const std::string_view word = row.words[at + 1];
  if (equal_ignoring_case(word, "NONE")) return pass;
  for (const CollectiveWord& known : collective_words) {
    if (!equal_ignoring_case(word, known.word)) continue;
    if (size > 0) pass.communication = Communication{axis, {known.kind, Bytes(size)}};
    return pass;
  }
  if (word.ends_with("_EP")) {
    row.fail(column,
             fmt::format("'{}' is SimAI's, over a group of experts, which a layer text cannot say here",
                         printable(word)));
  }
  row.fail(column,
           fmt::format("'{}' is not a collective (NONE, ALLREDUCE, ALLGATHER, REDUCESCATTER, ALLTOALL)",
                       printable(word)));
}

constexpr std::size_t columns = 12;

const Policy& policy_of_line(const Row& row, const Policy& policy) {
  if (policy.name != "HYBRID_CUSTOMIZED") {
    if (row.words.size() == columns) return policy;
    row.fail("layer", fmt::format("{} columns, expected {}", row.words.size(), columns));
  }
  if (row.words.size() != columns + 1) row.fail("layer", "expected 12 columns and the layer's policy");
  const Policy& own = policy_named(row, columns);
  if (own.name == "HYBRID_CUSTOMIZED" || own.name == "MICRO") row.fail("policy", "not the policy of a layer");
  return own;
}

Line read_layer(const Row& row, const Policy& file_policy) {
  if (row.words.size() < columns) {
    row.fail("layer", fmt::format("{} columns, expected {}", row.words.size(), columns));
  }
  const Policy& policy = policy_of_line(row, file_policy);
  return {.name = std::string(row.words[0]),
          .forward = read_pass(row, 2, "forward", policy.forward),
          .input_gradient = read_pass(row, 5, "input gradient", policy.forward),
          .weight_gradient = read_pass(row, 8, "weight gradient", policy.weight_gradient)};
}

// A policy that names no group for a pass never runs its collective, whatever the columns say.
void drop_unused(LayerText& result) {
  const bool only_weights = result.policy == "DATA" || result.policy == "MICRO";
  const bool no_weights = result.policy == "MODEL";
  for (Line& line : result.model.lines) {
    if (only_weights && (line.forward.communication || line.input_gradient.communication)) {
      result.ignored.push_back(fmt::format("{}: {} has no group for activations", line.name, result.policy));
      line.forward.communication.reset();
      line.input_gradient.communication.reset();
    }
    if (no_weights && line.weight_gradient.communication) {
      result.ignored.push_back(fmt::format("{}: {} has no group for gradients", line.name, result.policy));
      line.weight_gradient.communication.reset();
    }
    if (!result.lone_collective) continue;
    for (Pass* pass : {&line.forward, &line.input_gradient, &line.weight_gradient}) pass->compute = Time(0);
  }
}

void read_update(const std::vector<Row>& rows, std::size_t first_layer, LayerText& result) {
  std::int64_t ns = -1;
  for (std::size_t i = first_layer; i < rows.size(); ++i) {
    const std::int64_t own = rows[i].integer(columns - 1, "update", 0, longest_ns);
    if (ns >= 0 && own != ns) {
      result.ignored.emplace_back("update times differ between layers and are not used");
      return;
    }
    ns = own;
  }
  result.update = Time(ns * 1000);
}

}  // namespace

LayerText parse_layer_text(std::string_view text, const std::string& file_name) {
  if (!is_utf8(text)) throw InputError(Place{file_name}, "is not UTF-8 text");
  const std::vector<Row> rows = rows_of(without_mark(text), file_name);
  // However many checkpoints the first line lists, what follows it is a number alone.
  const bool has_header = rows[0].words.size() < columns || (rows.size() > 1 && rows[1].words.size() == 1);
  const Header header = has_header ? read_header(rows[0]) : Header{};
  const std::size_t first_layer = has_header ? 2 : 0;
  if (rows.size() <= first_layer) rows.back().fail("layers", "expected a line per layer");
  if (rows.size() - first_layer > most_layers) rows.back().fail("layers", "more than 65535 layers");
  if (has_header) {
    const std::int64_t stated = rows[1].integer(0, "number of layers", 1, most_layers);
    const auto found = static_cast<std::int64_t>(rows.size() - first_layer);
    if (stated != found) rows[1].fail("number of layers", fmt::format("{}, but {} follow", stated, found));
  }
  LayerText result{.policy = std::string(header.policy->name), .layout = header.policy->layout};
  result.lone_collective = result.policy == "MICRO";
  result.model.name = std::filesystem::path(file_name).stem().string();
  result.model.tensor_parallel = header.model_parallel;
  for (std::size_t i = first_layer; i < rows.size(); ++i) {
    result.model.lines.push_back(read_layer(rows[i], *header.policy));
  }
  for (const std::int64_t layer : header.initiates) {
    if (layer >= static_cast<std::int64_t>(result.model.lines.size())) {
      rows[0].fail("checkpoint_initiates", fmt::format("there is no layer {}", layer));
    }
    result.model.lines[static_cast<std::size_t>(layer)].checkpoint = true;
    result.recompute = Recompute::Full;
  }
  drop_unused(result);
  read_update(rows, first_layer, result);
  return result;
}

LayerText read_layer_text(const std::filesystem::path& file) {
  return parse_layer_text(read_text_file(file), file.string());
}

std::vector<Group> layer_text_groups(const LayerText& text, const Network& network) {
  if (text.layout == GroupLayout::TensorInside) return model_groups(text.model, network);
  const std::int64_t inner = network.dimensions[0].npus;
  std::vector<Group> groups =
      split_into_groups(network, {{"dimension 0", inner}, {"outer dimensions", network.npus() / inner}});
  groups.push_back(whole_network(network));
  return groups;
}

}  // namespace bandwright
