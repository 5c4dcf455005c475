#include "workload/model.h"

#include <fmt/format.h>

#include <array>

#include "core/catalogue.h"
#include "core/paths.h"
#include "topology/network.h"
#include "workload/transformer.h"

namespace bandwright {
namespace {

struct AxisInfo {
  Axis axis;
  std::string_view name;
  std::string_view help;
};
constexpr std::array axes = {AxisInfo{Axis::Tensor, "TP", "the tensor-parallel group"},
                             AxisInfo{Axis::Data, "DP", "the data-parallel group"},
                             AxisInfo{Axis::World, "world", "all NPUs"}};

Axis axis_of(std::string_view name) {
  return find_in_catalogue(std::span<const AxisInfo>(axes), name, "group").axis;
}

Communication read_communication(const YamlValue& map) {
  map.require_keys({"kind", "bytes", "group"});
  const Bytes size = map.at("bytes").as_bytes();
  if (size == Bytes(0)) map.at("bytes").fail("a collective of 0 B");
  return {map.at("group").parsed("a group", axis_of),
          {map.at("kind").parsed("a collective", collective_kind), size}};
}

Pass read_pass(const YamlValue& line, std::string_view key) {
  const auto map = line.find(key);
  if (!map) return {};
  map->require_keys({"compute", "collective"});
  Pass pass;
  if (const auto compute = map->find("compute")) pass.compute = compute->as_time();
  if (const auto collective = map->find("collective")) pass.communication = read_communication(*collective);
  return pass;
}

Line read_line(const YamlValue& map) {
  map.require_keys({"name", "forward", "input_gradient", "weight_gradient", "checkpoint"});
  Line line{.name = map.at("name").as_string(),
            .forward = read_pass(map, "forward"),
            .input_gradient = read_pass(map, "input_gradient"),
            .weight_gradient = read_pass(map, "weight_gradient")};
  if (const auto checkpoint = map.find("checkpoint")) line.checkpoint = checkpoint->as_bool();
  return line;
}

Model read_table(const YamlValue& root) {
  Model model{.name = root.at("name").as_string(),
              .tensor_parallel = root.at("tensor_parallel").as_integer(1, max_npus)};
  for (const YamlValue& line : root.at("layers").items()) model.lines.push_back(read_line(line));
  if (model.lines.empty()) root.at("layers").fail("expected at least one layer");
  return model;
}

}  // namespace

std::string_view axis_name(Axis axis) { return axes[static_cast<std::size_t>(axis)].name; }

Model read_model(const YamlValue& root) {
  const auto transformer = root.find("transformer");
  if (!transformer) {
    root.require_keys({"name", "help", "tensor_parallel", "layers", "transformer"});
    return read_table(root);
  }
  root.require_keys({"name", "help", "transformer"});
  const TransformerShape shape = read_transformer(*transformer);
  try {
    return transformer_model(root.at("name").as_string(), shape);
  } catch (const InputError& error) {
    transformer->fail(error.what());
  }
}

Model load_model(std::string_view word) {
  return read_model(YamlValue::load(input_file("models", word, "model")));
}

Model fuse_weight_gradients(Model model) {
  std::optional<Communication> fused;
  for (Line& line : model.lines) {
    std::optional<Communication>& part = line.weight_gradient.communication;
    if (!part) continue;
    if (!fused) {
      fused = part;
    } else if (fused->axis != part->axis || fused->collective.kind != part->collective.kind) {
      throw InputError(
          fmt::format("{}: the weight gradients use different collectives and cannot be fused", model.name));
    } else {
      fused->collective.bytes += part->collective.bytes;
    }
    part.reset();
  }
  if (!model.lines.empty()) model.lines.front().weight_gradient.communication = fused;
  return model;
}

}  // namespace bandwright
