#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cost_model/price_list.h"
#include "training/collective_curve.h"
#include "training/machine.h"

namespace bandwright {

// What a dimension of a network may be built of, by how far it reaches. `links` has the fitted constants and
// the bandwidth that its library is tuned for; its kind and size are what is searched.
struct HardwareClass {
  FabricDimension links;
  int from_dimensions = 1;     // networks of fewer have none of it
  int most_npus = 0;           // along it; 0: any
  double most_gb_per_s = 0.0;  // of an NPU
};

// The networks that can be bought.
struct FreeHardware {
  std::string name;
  std::string help = {};
  std::vector<HardwareClass> classes;  // innermost first
  std::vector<int> most_npus;          // along a dimension, by kind (dimension_kinds()); 0: any
  double years = 4.0;                  // that a network is used, for what it costs a token
};
const Fields<FreeHardware>& free_hardware_fields();
// By what a user types: a file, or a name of inputs/hardware; with the shipped constants. Throws InputError.
FreeHardware load_free_hardware(std::string_view word);

// Networks of the same sizes, which differ in the kinds of their dimensions.
struct ShapeFamily {
  std::vector<int> npus;             // of each dimension, innermost first
  std::vector<std::size_t> classes;  // of FreeHardware
  std::vector<std::uint8_t> kinds;   // of each dimension, as bits of dimension_kinds()

  [[nodiscard]] double shapes() const;  // how many
};

// Ordered factorisations of the NPU count into at most so many dimensions, within the limits of classes and
// kinds; of kinds that can be bought, where prices are what counts. The outermost class of the hardware is in
// all of them.
std::vector<ShapeFamily> shape_families(const FreeHardware& hardware, std::int64_t npus, int most_dimensions,
                                        const PriceList* prices);
// One shape. Throws InputError where it is beyond the limits, or cannot be bought.
ShapeFamily family_of(const FreeHardware& hardware, const Network& network, const PriceList* prices);

// Of the dimensions that may be of several kinds that of most NPUs, the outermost of equals: shapes are
// divided by its kinds.
std::optional<std::size_t> open_dimension(const ShapeFamily& family);
// As networks: of one kind each.
void for_each_shape(const ShapeFamily& family, const std::function<void(const ShapeFamily&)>& visit);
// REQUIRES one kind for each dimension.
Network network_of(const FreeHardware& hardware, const ShapeFamily& shape);
// A machine of that network, with its classes' constants and these bandwidths.
Machine machine_of(const FreeHardware& hardware, const ShapeFamily& shape, const Npu& npu,
                   std::span<const double> gb_per_s);

// Dollars for a GB/s per NPU of a class and kind in a network of so many NPUs; nothing where there is no
// price.
std::optional<double> unit_price(const FreeHardware& hardware, std::size_t hardware_class, std::size_t kind,
                                 std::int64_t npus, const PriceList& prices);

// The dimensions for prices of collectives, and the processors that copy.
std::vector<FreeDimension> free_dimensions(const FreeHardware& hardware, const ShapeFamily& family);
double copying_share(const FreeHardware& hardware, const ShapeFamily& family);

}  // namespace bandwright
