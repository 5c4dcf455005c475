#include "core/input_kinds.h"

#include <fmt/format.h>

#include <array>

#include "core/catalogue.h"

namespace bandwright {
namespace {

constexpr std::array kinds_of_input = {
    InputKind{"network", "a network: the NPUs of each dimension and how they are wired", "networks",
              "`simulate`, `optimize`, `cost` and experiments take it as their network"},
    InputKind{"layer-table", "a layer table: compute and collectives of each layer", "models/tables",
              "`simulate`, `optimize`, `estimate` and experiments take it as their model"},
    InputKind{"transformer", "a transformer by its hyperparameters", "models/transformers",
              "`estimate`, `simulate` and `scale simulate` take it as their model"},
    InputKind{"image-network", "a network of layers for images", "models/images",
              "`estimate`, `place` and `scale simulate` take it as their model"},
    InputKind{"machine", "a machine: its NPU and its network with bandwidths", "machines",
              "`estimate`, `simulate`, `optimize` and `scale simulate` take it as their machine"},
    InputKind{"npu", "an NPU: one accelerator by its data sheet", "npus",
              "machine files name it as their `npu`"},
    InputKind{"library", "a communication library: algorithms, chunks, orders and delays", "libraries",
              "`simulate` and `optimize` take it with --library, experiments as one of their `libraries`"},
    InputKind{"prices", "a price list of links, switches and NICs", "prices",
              "`cost`, `optimize` and experiments take it as their prices"},
    InputKind{"tiers", "a fast and a slow memory beside one processor", "tiers",
              "`place` takes it with --tiers, `estimate` with --offload"},
    InputKind{"experiment", "an experiment: the axes of a sweep", "experiments",
              "`evaluate`, `plot` and `report` take it"},
    InputKind{"space", "a space of divisions: decisions, limits and what is wanted", "spaces",
              "`plan` takes it in place of a model"},
    InputKind{"hardware", "what networks can be built of: classes of dimensions and their limits", "hardware",
              "`plan --npu` takes it with --hardware"},
    InputKind{"shares", "a table of shares of a bandwidth budget", "allocations",
              "experiments take it among their sources"},
    InputKind{"calibration", "constants of NPUs and links, fitted on measurements", "",
              "`validate --fit` writes it, machines name its entries"},
    InputKind{"divisions", "divisions of models that published tables only name", "measurements",
              "`validate` reads inputs/measurements/configurations.yaml"},
    InputKind{"recipes", "what recipes of published runs set and their tables leave out", "measurements",
              "`validate` reads inputs/measurements/recipes.yaml"}};

Place place_of_kind(const YamlValue& root) {
  return {root.place().file, root.place().line, std::string(kind_key)};
}

}  // namespace

std::span<const InputKind> input_kinds() { return kinds_of_input; }

const InputKind& input_kind(std::string_view name) {
  return find_in_catalogue(input_kinds(), name, "kind of input");
}

void require_known_kind(const YamlValue& root) {
  try {
    static_cast<void>(input_kind(root.declared_kind()));
  } catch (const InputError& error) {
    throw InputError(place_of_kind(root), error.what());
  }
}

void expect_kind(const YamlValue& root, std::string_view kind) {
  if (root.declared_kind().empty() || root.declared_kind() == kind) return;
  require_known_kind(root);
  const InputKind& other = input_kind(root.declared_kind());
  throw InputError(place_of_kind(root), fmt::format("the file is {}, expected {}; {}", other.help,
                                                    input_kind(kind).help, other.use));
}

}  // namespace bandwright
