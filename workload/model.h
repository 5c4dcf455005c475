#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collective/collective.h"
#include "core/yaml.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// The groups of NPUs a layer table communicates in.
enum class Axis : std::uint8_t {
  Tensor,  // the TP group, innermost
  Data,    // the DP group, one per position in the TP group
  World,   // all NPUs
};
std::string_view axis_name(Axis axis);  // "TP", "DP", "world"

struct Communication {
  Axis axis = Axis::Data;
  Collective collective;
  friend bool operator==(const Communication&, const Communication&) = default;
};

// Compute of one line in one direction, and what it communicates afterwards.
struct Pass {
  Time compute;
  std::optional<Communication> communication;
  friend bool operator==(const Pass&, const Pass&) = default;
};

// One line of a layer table: an operator of the model with its forward, input-gradient and weight-gradient
// work.
struct Line {
  std::string name;
  Pass forward;
  Pass input_gradient;
  Pass weight_gradient;
  // The last line of a layer that is recomputed as a whole: before its backward pass the lines since the
  // previous checkpoint run forward again, itself excepted.
  bool checkpoint = false;
};

// A training step's work on one NPU, in forward order.
struct Model {
  std::string name;
  std::string help = {};
  std::int64_t tensor_parallel = 1;  // NPUs of the TP group; the others are data parallel
  std::vector<Line> lines;
};

// The layers of a model file by themselves: {name, help, tensor_parallel, layers}.
const Fields<Model>& layer_table_fields();

// Another name of a layer table, as LIBRA's experiments call the artifact's.
struct RenamedTable {
  std::string name;
  std::string help;
  std::string same_as;  // a name of inputs/models/tables, or a file; not itself another name
};
const Fields<RenamedTable>& renamed_table_fields();

// A model file: {name, help, transformer: {...}} (workload/transformer.h), {name, help, tensor_parallel,
// layers} or {name, help, same_as}. Throws InputError.
Model read_model(const YamlValue& root);

// A model by what a user types: the path of a YAML file or a name of inputs/models/tables.
Model load_model(std::string_view word);

// The model with all weight-gradient communication added up into its first line, as the reference's
// evaluation does: one fully exposed collective at the end of the step. REQUIRES one axis and kind for all of
// it, else throws InputError.
Model fuse_weight_gradients(Model model);

}  // namespace bandwright
