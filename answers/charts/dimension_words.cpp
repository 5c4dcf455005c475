#include "answers/charts/dimension_words.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

#include "core/error.h"
#include "core/io/paths.h"
#include "topology/link_limits.h"
#include "topology/network.h"

namespace bandwright {
namespace {

std::optional<Network> found(const std::string& word) {
  try {
    return load_network(word);
  } catch (const InputError&) {  // a file of the user's, which the results do not name
    return std::nullopt;
  }
}

std::vector<std::string> usual_classes(std::size_t count) {
  const std::vector<std::string> all = {"Tile", "Package", "Node", "Pod"};
  if (count == 2) return {"Package", "Pod"};
  if (count == 3 || count == 4) return {all.end() - static_cast<std::ptrdiff_t>(count), all.end()};
  return std::vector<std::string>(count);
}

}  // namespace

std::vector<DimensionWords> dimension_words(const std::string& network, std::size_t count) {
  static const LinkLimits limits = read_link_limits(inputs_folder() / "link_limits.csv");
  const auto limit_of = [](const std::string& link_class) {
    const auto limit = limits.find(link_class);
    return limit == limits.end() ? std::numeric_limits<double>::infinity() : limit->second;
  };
  std::vector<DimensionWords> words;
  const std::optional<Network> file = found(network.substr(0, network.find(',')));
  if (file && file->dimensions.size() == count) {
    for (const Dimension& each : file->dimensions) {
      words.push_back({fmt::format("{}({})", each.kind->name, each.npus), limit_of(each.price_class)});
    }
    return words;
  }
  for (const std::string& link_class : usual_classes(count)) {
    words.push_back({fmt::format("dimension {}", words.size() + 1), limit_of(link_class)});
  }
  return words;
}

}  // namespace bandwright
