#include "topology/grid.h"

namespace bandwright {

std::vector<GridLines> grid_lines(const Network& network) {
  std::vector<GridLines> grid;
  std::int64_t stride = 1;
  for (const Dimension& dimension : network.dimensions) {
    grid.push_back({dimension.npus, stride});
    stride *= dimension.npus;
  }
  return grid;
}

}  // namespace bandwright
