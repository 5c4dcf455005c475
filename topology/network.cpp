#include "topology/network.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/cut.h"
#include "core/paths.h"
#include "core/text.h"

namespace bandwright {
namespace {

std::vector<std::string> usual_classes(const std::vector<Dimension>& dimensions) {
  const bool switches_only =
      std::all_of(dimensions.begin(), dimensions.end(), [](const Dimension& d) { return d.kind->switched; });
  const std::size_t count = dimensions.size();
  const bool dgx = count == 2 && dimensions[0].npus == 8 && dimensions[1].npus == 128;
  if (switches_only && !dgx) return std::vector<std::string>(count, "Node");
  if (count == 1) return {"Pod"};
  if (count == 2) return {"Package", "Pod"};
  std::vector<std::string> classes(count - 3, "Tile");
  classes.insert(classes.end(), {"Package", "Node", "Pod"});
  return classes;
}

void set_classes(Network& network, const std::vector<std::string>& classes) {
  if (!classes.empty() && classes.size() != network.dimensions.size()) {
    throw InputError(fmt::format("{} price classes for the {} dimensions of {}", classes.size(),
                                 network.size(), network.shorthand()));
  }
  const std::vector<std::string> chosen = classes.empty() ? usual_classes(network.dimensions) : classes;
  for (std::size_t d = 0; d < chosen.size(); ++d) network.dimensions[d].price_class = chosen[d];
}

void check_size(const std::vector<Dimension>& dimensions) {
  if (dimensions.empty() || dimensions.size() > max_dimensions) {
    throw InputError(fmt::format("{} dimensions, expected 1 to {}", dimensions.size(), max_dimensions));
  }
  std::int64_t npus = 1;
  for (const Dimension& dimension : dimensions) {
    npus *= dimension.npus;
    if (npus > max_npus) throw InputError(fmt::format("more than {} NPUs", max_npus));
  }
}

int parse_npus(std::string_view npus, std::string_view dimension) {
  try {
    return static_cast<int>(parse_integer(npus, 2, max_npus));
  } catch (const InputError& error) {
    throw InputError(fmt::format("network: NPUs of {}: {}", dimension, error.what()));
  }
}

// "Ring(4)"
Dimension parse_dimension(std::string_view text) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')') {
    throw InputError(fmt::format("'{}' is not a dimension such as Ring(4)", text));
  }
  const std::string_view npus = text.substr(open + 1, text.size() - open - 2);
  return {.kind = &dimension_kind(trimmed(text.substr(0, open))),
          .npus = parse_npus(npus, text),
          .price_class = {}};
}

}  // namespace

std::int64_t Network::npus() const {
  std::int64_t product = 1;
  for (const Dimension& dimension : dimensions) product *= dimension.npus;
  return product;
}

std::string Network::shorthand() const {
  std::string text;
  for (const Dimension& dimension : dimensions) {
    text += fmt::format("{}{}({})", text.empty() ? "" : "_", dimension.kind->name, dimension.npus);
  }
  return text;
}

Network parse_network(std::string_view shorthand, const std::vector<std::string>& classes) {
  Network network;
  for (const std::string_view part : split(shorthand, '_')) {
    network.dimensions.push_back(parse_dimension(part));
  }
  check_size(network.dimensions);
  network.name = network.shorthand();
  set_classes(network, classes);
  return network;
}

Network read_network(const YamlValue& root) {
  root.require_keys({"name", "help", "dimensions"});
  Network network{.name = root.at("name").as_string()};
  std::vector<std::string> classes;
  for (const YamlValue& item : root.at("dimensions").items()) {
    item.require_keys({"kind", "npus", "class"});
    network.dimensions.push_back({.kind = &item.at("kind").parsed("a dimension kind", dimension_kind),
                                  .npus = static_cast<int>(item.at("npus").as_integer(2, max_npus)),
                                  .price_class = {}});
    if (const auto price_class = item.find("class")) classes.push_back(price_class->as_string());
  }
  try {
    check_size(network.dimensions);
    set_classes(network, classes);
  } catch (const InputError& error) {
    root.at("dimensions").fail(error.what());
  }
  return network;
}

Network load_network(std::string_view word, const std::vector<std::string>& classes) {
  if (word.find('(') != std::string_view::npos) return parse_network(word, classes);
  Network network = read_network(YamlValue::load(input_file("networks", word, "network")));
  if (!classes.empty()) set_classes(network, classes);
  return network;
}

}  // namespace bandwright
