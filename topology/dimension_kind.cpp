#include "topology/dimension_kind.h"

#include <array>

#include "core/catalogue.h"
#include "topology/fully_connected.h"
#include "topology/ring.h"
#include "topology/switch.h"

namespace bandwright {

std::span<const DimensionKind> dimension_kinds() {
  static const std::array kinds = {ring_kind(), fully_connected_kind(), switch_kind()};
  return kinds;
}

const DimensionKind& dimension_kind(std::string_view name) {
  return find_in_catalogue(dimension_kinds(), name, "dimension kind");
}

}  // namespace bandwright
