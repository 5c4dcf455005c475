#include "cli/model_file.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "core/paths.h"
#include "core/text.h"
#include "workload/image_model.h"

namespace bandwright {

ModelFile find_model(const std::string& word) {
  constexpr std::array<std::pair<std::string_view, ModelKind>, 3> kinds = {
      {{"convnets", ModelKind::Images},
       {"architectures", ModelKind::Transformer},
       {"models", ModelKind::Table}}};
  std::vector<std::string> names;
  for (const auto& [folder, kind] : kinds) {
    if (const auto file = find_input(folder, word)) return {kind, *file};
    for (std::string& name : input_names(folder)) names.push_back(std::move(name));
  }
  const bool json = word.size() > 5 && equal_ignoring_case(word.substr(word.size() - 5), ".json");
  if (word.find('/') == std::string::npos && !word.ends_with(".yaml") && !json) {
    const std::vector<std::string_view> known(names.begin(), names.end());
    throw InputError(fmt::format("unknown model '{}'{} (choices: {}; or a file)", word,
                                 did_you_mean(word, known), fmt::join(names, ", ")));
  }
  if (json) return {ModelKind::Transformer, word};
  const YamlValue root = YamlValue::load(input_file("models", word, "model"));
  if (is_image_model(root)) return {ModelKind::Images, word};
  const auto layers = root.is_map() ? root.find("layers") : std::nullopt;
  if (root.declared_kind() == "transformer") return {ModelKind::Transformer, word};
  const bool table = root.is_map() && (root.declared_kind() == "layer-table" || root.find("transformer") ||
                                       (layers && layers->is_list()));
  return {table ? ModelKind::Table : ModelKind::Transformer, word};
}

}  // namespace bandwright
