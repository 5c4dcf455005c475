#include "plan/hardware/free_hardware.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>

#include "core/fields.h"
#include "core/io/paths.h"
#include "cost_model/bill.h"
#include "training/collective_constants.h"

namespace bandwright {
namespace {

const Fields<HardwareClass>& class_fields() {
  using C = HardwareClass;
  static const Fields<C> fields(
      "classes", "what a dimension may be built of",
      required("links", &C::links, kinds::object(fabric_dimension_fields()),
               "constants; `bandwidth` is what its library is tuned for"),
      optional("from_dimensions", &C::from_dimensions, kinds::integer<int>(1, max_free_dimensions),
               "networks of fewer dimensions have none of it"),
      optional("most_npus", &C::most_npus, kinds::integer<int>(0, max_npus), "along it; 0: any number"),
      required("most_bandwidth", &C::most_gb_per_s, kinds::gb_per_s(), "of one NPU"));
  return fields;
}

std::size_t kind_index(const DimensionKind& kind) {
  return static_cast<std::size_t>(&kind - dimension_kinds().data());
}

// Of a key that stands before `value`.
std::size_t kind_named(const std::string& key, const YamlValue& value) {
  try {
    return kind_index(dimension_kind(key));
  } catch (const InputError& error) {
    value.fail(error.what());
  }
}

Kind<std::vector<int>> limits_by_kind() {
  Kind<std::vector<int>> kind;
  kind.read = [](const YamlValue& map) {
    std::vector<int> most(dimension_kinds().size(), 0);
    for (const auto& [name, limit] : map.entries()) {
      most[kind_named(name, limit)] = static_cast<int>(limit.as_integer(0, max_npus));
    }
    return most;
  };
  kind.write = [](const std::vector<int>& most) {
    YamlTree tree = YamlTree::map();
    for (std::size_t k = 0; k < most.size(); ++k) {
      if (most[k] > 0)
        tree.add(std::string(dimension_kinds()[k].name), YamlTree::word(fmt::format("{}", most[k])));
    }
    return tree;
  };
  kind.shape = kinds::shape_of_list(FieldShape::Form::Map, "a map by kind of dimension",
                                    kinds::integer<int>(0, max_npus).shape);
  return kind;
}

void check_classes(const FreeHardware& hardware) {
  if (hardware.classes.empty() || hardware.classes.size() > max_free_dimensions) {
    throw InputError(fmt::format("expected 1 to {} classes", max_free_dimensions));
  }
  if (hardware.classes.back().from_dimensions != 1) {
    throw InputError("the outermost class has to be in networks of one dimension");
  }
}

// Classes of a network of so many dimensions; empty where there are not as many.
std::vector<std::size_t> classes_of(const FreeHardware& hardware, std::size_t dimensions) {
  std::vector<std::size_t> classes;
  for (std::size_t c = 0; c < hardware.classes.size(); ++c) {
    if (hardware.classes[c].from_dimensions <= static_cast<int>(dimensions)) classes.push_back(c);
  }
  if (classes.size() != dimensions) classes.clear();
  return classes;
}

// The kinds that a dimension may be of.
std::uint8_t kinds_allowed(const FreeHardware& hardware, std::size_t hardware_class, int npus,
                           std::int64_t all, const PriceList* prices) {
  const HardwareClass& one = hardware.classes[hardware_class];
  if (one.most_npus > 0 && npus > one.most_npus) return 0;
  std::uint8_t kinds = 0;
  for (std::size_t k = 0; k < dimension_kinds().size(); ++k) {
    const int most = k < hardware.most_npus.size() ? hardware.most_npus[k] : 0;
    if (most > 0 && npus > most) continue;
    if (prices != nullptr && !unit_price(hardware, hardware_class, k, all, *prices)) continue;
    kinds = static_cast<std::uint8_t>(kinds | 1U << k);
  }
  return kinds;
}

}  // namespace

const Fields<FreeHardware>& free_hardware_fields() {
  using H = FreeHardware;
  static const Fields<H> fields =
      Fields<H>(
          "hardware", "what networks can be built of",
          required("name", &H::name, kinds::text(), "what lists and answers call it"),
          optional("help", &H::help, kinds::text(), "one line for lists"),
          required("classes", &H::classes, kinds::list(kinds::object(class_fields())),
                   "of dimensions, the innermost first"),
          required("kinds", &H::most_npus, limits_by_kind(), "most NPUs along a dimension; 0: any number"),
          optional("years", &H::years, kinds::number(0.1, 100.0),
                   "that a network is used, for its share in the cost of a token"))
          .rule("classes", check_classes);
  return fields;
}

FreeHardware load_free_hardware(std::string_view word) {
  FreeHardware hardware =
      free_hardware_fields().read(YamlValue::load(input_file("hardware", word, "hardware")));
  Machine machine;  // for its constants' names
  machine.npu.constants_name = shipped_calibration().npus.front().first;
  for (const HardwareClass& each : hardware.classes) machine.dimensions.push_back(each.links);
  calibrate(machine, shipped_calibration());
  for (std::size_t c = 0; c < hardware.classes.size(); ++c) hardware.classes[c].links = machine.dimensions[c];
  return hardware;
}

double ShapeFamily::shapes() const {
  double all = 1.0;
  for (const std::uint8_t each : kinds) all *= std::popcount(each);
  return all;
}

std::vector<ShapeFamily> shape_families(const FreeHardware& hardware, std::int64_t npus, int most_dimensions,
                                        const PriceList* prices) {
  std::vector<ShapeFamily> all;
  for (std::size_t dimensions = 1; dimensions <= static_cast<std::size_t>(most_dimensions); ++dimensions) {
    ShapeFamily family{.npus = {}, .classes = classes_of(hardware, dimensions), .kinds = {}};
    if (family.classes.empty()) continue;
    const std::function<void(std::int64_t)> extend = [&](std::int64_t left) {
      const std::size_t d = family.npus.size();
      const bool last = d + 1 == dimensions;
      for (std::int64_t n = last ? left : 2; n <= left; ++n) {
        if (n < 2 || left % n != 0 || (!last && n == left)) continue;
        const std::uint8_t kinds =
            kinds_allowed(hardware, family.classes[d], static_cast<int>(n), npus, prices);
        if (kinds == 0) continue;
        family.npus.push_back(static_cast<int>(n));
        family.kinds.push_back(kinds);
        if (last) {
          all.push_back(family);
        } else {
          extend(left / n);
        }
        family.npus.pop_back();
        family.kinds.pop_back();
      }
    };
    extend(npus);
  }
  return all;
}

ShapeFamily family_of(const FreeHardware& hardware, const Network& network, const PriceList* prices) {
  ShapeFamily family{.npus = {}, .classes = classes_of(hardware, network.dimensions.size()), .kinds = {}};
  if (family.classes.empty()) {
    throw InputError(fmt::format("{}: no network of {} dimensions can be built of {}", network.shorthand(),
                                 network.size(), hardware.name));
  }
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    const Dimension& dimension = network.dimensions[d];
    const auto bit = static_cast<std::uint8_t>(1U << kind_index(*dimension.kind));
    if ((kinds_allowed(hardware, family.classes[d], dimension.npus, network.npus(), prices) & bit) == 0) {
      throw InputError(fmt::format("{}: {} NPUs as a {} of class {} are beyond {}, or have no price",
                                   network.shorthand(), dimension.npus, dimension.kind->name,
                                   hardware.classes[family.classes[d]].links.price_class, hardware.name));
    }
    family.npus.push_back(dimension.npus);
    family.kinds.push_back(bit);
  }
  return family;
}

std::optional<std::size_t> open_dimension(const ShapeFamily& family) {
  std::optional<std::size_t> open;
  for (std::size_t d = 0; d < family.npus.size(); ++d) {
    if (std::popcount(family.kinds[d]) > 1 && (!open || family.npus[d] >= family.npus[*open])) open = d;
  }
  return open;
}

void for_each_shape(const ShapeFamily& family, const std::function<void(const ShapeFamily&)>& visit) {
  ShapeFamily shape = family;
  const std::function<void(std::size_t)> choose = [&](std::size_t d) {
    if (d == family.kinds.size()) return visit(shape);
    for (std::size_t k = 0; k < dimension_kinds().size(); ++k) {
      if ((family.kinds[d] >> k & 1U) == 0) continue;
      shape.kinds[d] = static_cast<std::uint8_t>(1U << k);
      choose(d + 1);
    }
  };
  choose(0);
}

Network network_of(const FreeHardware& hardware, const ShapeFamily& shape) {
  Network network{.name = hardware.name};
  for (std::size_t d = 0; d < shape.npus.size(); ++d) {
    network.dimensions.push_back(
        {&dimension_kinds()[static_cast<std::size_t>(std::countr_zero(shape.kinds[d]))], shape.npus[d],
         hardware.classes[shape.classes[d]].links.price_class});
  }
  return network;
}

Machine machine_of(const FreeHardware& hardware, const ShapeFamily& shape, const Npu& npu,
                   std::span<const double> gb_per_s) {
  const Network network = network_of(hardware, shape);
  Machine machine{.name = network.shorthand(), .npu = npu};
  for (std::size_t d = 0; d < shape.npus.size(); ++d) {
    FabricDimension dimension = hardware.classes[shape.classes[d]].links;
    dimension.kind = network.dimensions[d].kind;
    dimension.npus = shape.npus[d];
    dimension.gb_per_s = gb_per_s[d];
    machine.dimensions.push_back(std::move(dimension));
  }
  return machine;
}

std::optional<double> unit_price(const FreeHardware& hardware, std::size_t hardware_class, std::size_t kind,
                                 std::int64_t npus, const PriceList& prices) {
  Network network;
  network.dimensions.push_back(
      {&dimension_kinds()[kind], static_cast<int>(npus), hardware.classes[hardware_class].links.price_class});
  if (!missing_prices(network, prices).empty()) return std::nullopt;
  return unit_prices(network, prices).front();
}

std::vector<FreeDimension> free_dimensions(const FreeHardware& hardware, const ShapeFamily& family) {
  std::vector<FreeDimension> dimensions;
  for (std::size_t d = 0; d < family.npus.size(); ++d) {
    dimensions.push_back({&hardware.classes[family.classes[d]].links, family.npus[d], family.kinds[d]});
  }
  return dimensions;
}

double copying_share(const FreeHardware& hardware, const ShapeFamily& family) {
  return hardware.classes[family.classes.front()].links.software.copies ? copying_processors : 0.0;
}

}  // namespace bandwright
