#include "workload/model.h"

#include <fmt/format.h>

#include <array>

#include "core/choice.h"
#include "core/fields.h"
#include "core/input_kinds.h"
#include "core/io/paths.h"
#include "topology/network.h"
#include "workload/transformer.h"

namespace bandwright {
namespace {

constexpr std::string_view tables_folder = "models/tables";

constexpr std::array axes = {Choice{Axis::Tensor, "TP", "the tensor-parallel group"},
                             Choice{Axis::Data, "DP", "the data-parallel group"},
                             Choice{Axis::World, "world", "all NPUs"}};

// {kind, bytes, group}: a collective and the group that runs it.
struct Call {
  CollectiveKind kind = CollectiveKind::AllReduce;
  Bytes size;
  Axis group = Axis::Data;
};

Kind<CollectiveKind> collective_word() {
  return {[](const YamlValue& value) { return value.parsed("a collective", collective_kind); },
          [](const CollectiveKind& kind) { return YamlTree::quoted(std::string(collective_name(kind))); },
          kinds::shape_of_choice(collective_kinds(), "a collective")};
}

const Fields<Call>& call_fields() {
  static const Fields<Call> fields(
      "collective", "a collective after a pass",
      required("kind", &Call::kind, collective_word(), "all-reduce ..."),
      required("bytes", &Call::size, kinds::size(Bytes(1)), "that an NPU calls it with"),
      required("group", &Call::group, kinds::choice(axes, "group"), "that runs it"));
  return fields;
}

Kind<Communication> communication() {
  return kinds::mapped<Communication>(
      kinds::object(call_fields()),
      [](const Call& call) {
        return Communication{call.group, {call.kind, call.size}};
      },
      [](const Communication& c) {
        return Call{c.collective.kind, c.collective.bytes, c.axis};
      });
}

const Fields<Pass>& pass_fields() {
  static const Fields<Pass> fields(
      "pass", "one direction of a layer",
      optional("compute", &Pass::compute, kinds::time(), "before the collective"),
      optional("collective", &Pass::communication, communication(), "none"));
  return fields;
}

const Fields<Line>& line_fields() {
  static const Fields<Line> fields(
      "layers", "a line of a layer table", required("name", &Line::name, kinds::text(), "of the operator"),
      optional("forward", &Line::forward, kinds::object(pass_fields()), "forward pass"),
      optional("input_gradient", &Line::input_gradient, kinds::object(pass_fields()),
               "first half of the backward pass"),
      optional("weight_gradient", &Line::weight_gradient, kinds::object(pass_fields()), "its second half"),
      optional("checkpoint", &Line::checkpoint, kinds::flag(),
               "the last line of a layer that is recomputed"));
  return fields;
}

}  // namespace

const Fields<Model>& layer_table_fields() {
  static const Fields<Model> fields(
      "layer-table", "a training step's work on one NPU, layer by layer",
      required("name", &Model::name, kinds::text(), "what lists and answers call it"),
      optional("help", &Model::help, kinds::text(), "one line for lists"),
      required("tensor_parallel", &Model::tensor_parallel, kinds::integer(1, max_npus),
               "NPUs of the TP group"),
      required("layers", &Model::lines, kinds::list(kinds::object(line_fields()), 1), "in forward order"));
  return fields;
}

const Fields<RenamedTable>& renamed_table_fields() {
  static const Fields<RenamedTable> fields(
      "layer-table", "another name of a layer table",
      required("name", &RenamedTable::name, kinds::text(), "what lists and answers call it"),
      optional("help", &RenamedTable::help, kinds::text(), "one line for lists"),
      required("same_as", &RenamedTable::same_as, kinds::text(), "the layer table: a name or a file"));
  return fields;
}

std::string_view axis_name(Axis axis) { return axes[static_cast<std::size_t>(axis)].name; }

namespace {

Model read_renamed(const YamlValue& root) {
  const RenamedTable table = renamed_table_fields().read(root);
  const YamlValue word = root.at("same_as");
  const YamlValue named = YamlValue::load(word.parsed("a name or a file", [](std::string_view text) {
    return input_file(tables_folder, text, "layer table");
  }));
  if (named.is_map() && named.find("same_as"))
    word.fail(fmt::format("{} is another name itself", table.same_as));
  Model model = read_model(named);
  model.name = table.name;
  model.help = table.help;
  return model;
}

}  // namespace

Model read_model(const YamlValue& root) {
  expect_kind(root, "layer-table");
  if (root.is_map() && root.find("same_as")) return read_renamed(root);
  if (!root.is_map() || !root.find("transformer")) {
    root.require_keys({"name", "help", "tensor_parallel", "layers", "transformer", "same_as"});
    return layer_table_fields().read(root);
  }
  const TransformerTable table = transformer_table_fields().read(root);
  try {
    Model model = transformer_model(table.name, table.shape);
    model.help = table.help;
    return model;
  } catch (const InputError& error) {
    root.at("transformer").fail(error.what());
  }
}

Model load_model(std::string_view word) {
  return read_model(YamlValue::load(input_file(tables_folder, word, "model")));
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
