#include "topology/network.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/cut.h"
#include "core/fields.h"
#include "core/io/paths.h"
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

const Fields<Network>& network_fields() {
  static const Fields<Dimension> dimension_fields(
      "dimensions", "one dimension of a network",
      required("kind", &Dimension::kind, kinds::row(dimension_kinds(), "dimension kind"),
               "how its NPUs are wired"),
      required("npus", &Dimension::npus, kinds::integer<int>(2, max_npus), "along it"),
      optional("class", &Dimension::price_class, kinds::text(), "row of the price list; the usual ones"));
  static const Fields<Network> fields =
      Fields<Network>("network", "a network",
                      required("name", &Network::name, kinds::text(), "what lists and answers call it"),
                      optional("help", &Network::help, kinds::text(), "one line for lists"),
                      required("dimensions", &Network::dimensions,
                               kinds::list(kinds::object(dimension_fields)), "the innermost first"))
          .rule("dimensions", [](Network& network) {
            check_size(network.dimensions);
            std::vector<std::string> classes;
            for (const Dimension& dimension : network.dimensions) {
              if (!dimension.price_class.empty()) classes.push_back(dimension.price_class);
            }
            set_classes(network, classes);
          });
  return fields;
}

Network read_network(const YamlValue& root) { return network_fields().read(root); }

Network load_network(std::string_view word, const std::vector<std::string>& classes) {
  if (word.find('(') != std::string_view::npos) return parse_network(word, classes);
  Network network = read_network(YamlValue::load(input_file("networks", word, "network")));
  if (!classes.empty()) set_classes(network, classes);
  return network;
}

}  // namespace bandwright
