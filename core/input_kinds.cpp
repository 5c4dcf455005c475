#include "core/input_kinds.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "core/catalogue.h"

namespace bandwright {
namespace {

// Commands with the same words stand together.
constexpr std::array network_uses = {InputUse{"simulate", "as their network"},
                                     InputUse{"optimize", "as their network"},
                                     InputUse{"cost", "as their network"},
                                     InputUse{"network", "where it is of nodes and links"},
                                     InputUse{"share", "where it is of nodes and links"},
                                     InputUse{experiments_as_user, "in `networks`"}};
constexpr std::array table_uses = {
    InputUse{"simulate", "as their model"}, InputUse{"optimize", "as their model"},
    InputUse{"estimate", "as their model"}, InputUse{"scale simulate", "as their model"},
    InputUse{"export", "as their model"},   InputUse{experiments_as_user, "in `models`"}};
constexpr std::array transformer_uses = {
    InputUse{"estimate", "as their model"}, InputUse{"plan", "as their model"},
    InputUse{"simulate", "as their model"}, InputUse{"optimize", "as their model"},
    InputUse{"place", "as their model"},    InputUse{"scale simulate", "as their model"},
    InputUse{"calibrate", "with --model"},  InputUse{experiments_as_user, "in `models`"}};
constexpr std::array image_uses = {
    InputUse{"estimate", "as their model"},       InputUse{"simulate", "as their model"},
    InputUse{"optimize", "as their model"},       InputUse{"place", "as their model"},
    InputUse{"scale simulate", "as their model"}, InputUse{experiments_as_user, "in `models`"}};
constexpr std::array machine_uses = {
    InputUse{"estimate", "with --npus"},           InputUse{"plan", "with --npus"},
    InputUse{"simulate", "with --npus"},           InputUse{"optimize", "with --npus"},
    InputUse{"scale simulate", "with --npus"},     InputUse{"cost", "with --npus"},
    InputUse{"place", "beside a transformer"},     InputUse{"calibrate", "as what was measured"},
    InputUse{experiments_as_user, "in `machines`"}};
constexpr std::array npu_uses = {InputUse{"plan", "with --npu"}, InputUse{"simulate", "with --npu"},
                                 InputUse{"optimize", "with --npu"},
                                 InputUse{machine_files_as_user, "in `npu`"}};
constexpr std::array library_uses = {InputUse{"simulate", "with --library"},
                                     InputUse{"optimize", "with --library"},
                                     InputUse{experiments_as_user, "in `libraries`"}};
constexpr std::array price_uses = {
    InputUse{"cost", "with --prices"},     InputUse{"network", "with --prices"},
    InputUse{"simulate", "with --prices"}, InputUse{"optimize", "with --prices"},
    InputUse{"plan", "with --prices"},     InputUse{experiments_as_user, "in `prices`"}};
constexpr std::array tier_uses = {InputUse{"place", "with --tiers"}, InputUse{"estimate", "with --tiers"},
                                  InputUse{"simulate", "with --tiers"}, InputUse{"optimize", "with --tiers"},
                                  InputUse{experiments_as_user, "in `tiers`"}};
constexpr std::array experiment_uses = {InputUse{"evaluate", "by its name or file"},
                                        InputUse{"plot", "by its name or file"},
                                        InputUse{"report", "by its name or file"}};
constexpr std::array space_uses = {InputUse{"plan", "in place of a model"}};
constexpr std::array hardware_uses = {InputUse{"plan", "with --hardware"}};
constexpr std::array share_uses = {InputUse{experiments_as_user, "in `sources`"}};

constexpr std::array kinds_of_input = {
    InputKind{"network", "a network: the NPUs of each dimension and how they are wired", "networks",
              network_uses},
    InputKind{"layer-table", "a layer table: compute and collectives of each layer", "models/tables",
              table_uses},
    InputKind{"transformer", "a transformer by its hyperparameters", "models/transformers", transformer_uses},
    InputKind{"image-network", "a network of layers for images", "models/images", image_uses},
    InputKind{"machine", "a machine: its NPU and its network with bandwidths", "machines", machine_uses},
    InputKind{"npu", "an NPU: one accelerator by its data sheet", "npus", npu_uses},
    InputKind{"library", "a communication library: algorithms, chunks, orders and delays", "libraries",
              library_uses},
    InputKind{"prices", "a price list of links, switches and NICs", "prices", price_uses},
    InputKind{"tiers", "a fast and a slow memory beside one processor", "tiers", tier_uses},
    InputKind{"experiment", "an experiment: the axes of a sweep", "experiments", experiment_uses},
    InputKind{"space", "a space of divisions: decisions, limits and what is wanted", "spaces", space_uses},
    InputKind{"hardware", "what networks can be built of: classes of dimensions and their limits", "hardware",
              hardware_uses},
    InputKind{"shares", "a table of shares of a bandwidth budget", "allocations", share_uses},
    InputKind{"calibration",
              "constants of NPUs and links, fitted on measurements",
              "",
              {},
              "`validate --fit` writes it, machines name its entries"},
    InputKind{"divisions",
              "divisions of models that published tables only name",
              "measurements",
              {},
              "`validate` reads inputs/measurements/configurations.yaml"},
    InputKind{"recipes",
              "what recipes of published runs set and their tables leave out",
              "measurements",
              {},
              "`validate` reads inputs/measurements/recipes.yaml"}};

Place place_of_kind(const YamlValue& root) {
  return {root.place().file, root.place().line, std::string(kind_key)};
}

// "`simulate`", "experiments"
std::string user_text(std::string_view command) {
  const bool is_command = command != experiments_as_user && command != machine_files_as_user;
  return is_command ? fmt::format("`{}`", command) : std::string(command);
}

// "a, b and c"
std::string enumerated(std::span<const InputUse> uses) {
  std::string text;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    if (i > 0) text += i + 1 == uses.size() ? " and " : ", ";
    text += user_text(uses[i].command);
  }
  return text;
}

}  // namespace

std::span<const InputKind> input_kinds() { return kinds_of_input; }

const InputKind& input_kind(std::string_view name) {
  return find_in_catalogue(input_kinds(), name, "kind of input");
}

std::string use_text(const InputKind& kind) {
  std::string text;
  for (std::size_t first = 0; first < kind.uses.size();) {
    std::size_t last = first;
    while (last < kind.uses.size() && kind.uses[last].how == kind.uses[first].how) ++last;
    const auto alike = kind.uses.subspan(first, last - first);
    const bool one = alike.size() == 1 && user_text(alike[0].command).front() == '`';
    const std::string_view verb = first > 0 ? "" : one ? " takes it" : " take it";
    text += fmt::format("{}{}{} {}", first > 0 ? ", " : "", enumerated(alike), verb, alike[0].how);
    first = last;
  }
  return text.empty() ? std::string(kind.read_by) : text;
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
                                                    input_kind(kind).help, use_text(other)));
}

}  // namespace bandwright
