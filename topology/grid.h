#pragma once
#include <cstdint>
#include <vector>

#include "topology/network.h"

namespace bandwright {

// NPU ids are positions in mixed radix, the innermost dimension fastest. Along one direction of that grid,
// `npus` neighbours stand `stride` ids apart and form a line; the lines are numbered by the ids that remain:
//
//   npus 3, stride 2      id        0 1 2 3 4 5 | 6 7 ...
//                         line      0 1 0 1 0 1 | 2 3
//                         position  0 0 1 1 2 2 | 0 0
struct GridLines {
  std::int64_t npus = 1;    // of a line
  std::int64_t stride = 1;  // of its neighbours, in ids

  [[nodiscard]] int position(std::int64_t npu) const { return static_cast<int>(npu / stride % npus); }
  [[nodiscard]] std::int64_t line(std::int64_t npu) const {
    return npu / (stride * npus) * stride + npu % stride;
  }
  [[nodiscard]] std::int64_t npu(std::int64_t line, int position) const {
    return line / stride * stride * npus + line % stride + position * stride;
  }
  // The NPU at position 0 of its line.
  [[nodiscard]] std::int64_t first(std::int64_t npu) const { return npu - position(npu) * stride; }
  friend bool operator==(const GridLines&, const GridLines&) = default;
};

// Those of each dimension, innermost first.
std::vector<GridLines> grid_lines(const Network& network);

}  // namespace bandwright
