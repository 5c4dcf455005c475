#include "plan/hardware/hardware_space.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace bandwright {
namespace {

constexpr double unsold = std::numeric_limits<double>::infinity();

}  // namespace

std::vector<std::vector<double>> unit_prices_of(const FreeHardware& hardware, std::int64_t npus,
                                                const PriceList& prices) {
  std::vector<std::vector<double>> all(hardware.classes.size());
  for (std::size_t c = 0; c < all.size(); ++c) {
    for (std::size_t k = 0; k < dimension_kinds().size(); ++k) {
      all[c].push_back(unit_price(hardware, c, k, npus, prices).value_or(unsold));
    }
  }
  return all;
}

FreeRegion region_of(const HardwareSpace& space, const ShapeFamily& family) {
  FreeRegion region{.dimensions = static_cast<int>(family.npus.size()),
                    .total = space.budget,
                    .dollars = space.dollars,
                    .goal = space.goal};
  for (std::size_t d = 0; d < family.npus.size(); ++d) {
    region.most[d] = space.hardware.classes[family.classes[d]].most_gb_per_s;
    region.usd[d] = unsold;
    for (std::size_t k = 0; k < dimension_kinds().size(); ++k) {
      if ((family.kinds[d] >> k & 1U) == 0) continue;
      region.usd[d] = std::min(region.usd[d], space.unit_usd[family.classes[d]][k]);
    }
    region.price[d] = space.dollars ? region.usd[d] : 1.0;
  }
  return region;
}

// The cheapest first.
double most_together(const HardwareSpace& space) {
  double most = 0.0;
  for (const ShapeFamily& family : space.families) {
    const FreeRegion region = region_of(space, family);
    std::vector<std::size_t> order(static_cast<std::size_t>(region.dimensions));
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return region.price[a] < region.price[b]; });
    double left = region.total;
    double all = 0.0;
    for (const std::size_t d : order) {
      const double bought = std::min(region.most[d], region.price[d] > 0.0 ? left / region.price[d] : unsold);
      all += bought;
      left -= bought * region.price[d];
    }
    most = std::max(most, all);
  }
  return most;
}

}  // namespace bandwright
