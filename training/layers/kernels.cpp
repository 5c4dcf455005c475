#include "training/layers/kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace bandwright {
namespace {

constexpr double loads_per_reuse = 16.0;
constexpr std::array<double, 6> extents = {16, 32, 64, 128, 192, 256};  // that tiles have

constexpr std::size_t extent_index(double extent) {
  std::size_t index = 0;
  while (extents[index] != extent) ++index;
  return index;
}

struct Tile {
  constexpr Tile(double m, double n)
      : rows(extent_index(m)),
        columns(extent_index(n)),
        flop(2.0 * m * n * (1.0 + loads_per_reuse * (m + n) / (m * n))) {}

  std::size_t rows;  // its extents, as indices
  std::size_t columns;
  double flop;  // of its main loop per element of k, with what loading costs at its reuse
};
// The ones that are best most often come first.
constexpr std::array tiles = {
    Tile{256, 128}, Tile{128, 256}, Tile{256, 256}, Tile{192, 128}, Tile{128, 192}, Tile{128, 128},
    Tile{128, 64},  Tile{64, 128},  Tile{64, 256},  Tile{256, 64},  Tile{64, 64},   Tile{64, 32},
    Tile{32, 64},   Tile{128, 32},  Tile{32, 128},  Tile{16, 64},   Tile{64, 16},   Tile{16, 128},
};
constexpr double slice = 64.0;
// Libraries split k where that fills processors that would be idle.
constexpr double most_splits = 16.0;
constexpr double least_depth = 256.0;
constexpr double most_waves = 4.0;
// Speed when rows of a matrix do not start at multiples of 16 bytes: elements are loaded one by one. Seen
// with vocabularies of odd size (50,257), which is why they are padded (Shoeybi et al., Megatron-LM, 2019).
constexpr double unaligned_speed = 0.4;

// What is the same for all tiles.
struct Work {
  double ns_per_flop;  // of one processor
  double waves;        // that one tile is
};

// k split over so many processors.
struct Depth {
  double split;
  double elements;   // of k in one main loop, in whole steps
  double memory_ns;  // with partial results, which pass through memory
  double extra_ns;   // beside computing: latency of the steps, adding partial results up
};

double quartic(double a, double b) {
  const double a2 = a * a;
  const double b2 = b * b;
  return std::sqrt(std::sqrt(a2 * a2 + b2 * b2));
}

// How many tiles of each extent cover `length`.
std::array<double, extents.size()> tiles_along(double length) {
  std::array<double, extents.size()> counts{};
  for (std::size_t i = 0; i < extents.size(); ++i) counts[i] = std::ceil(length / extents[i]);
  return counts;
}

// The shorter of `best` and the time with this tile, of which `count` make the result. Most tiles are out
// before their waves are counted: no wave is cheaper than its share of a wave.
double shorter(double best, const Work& work, const Tile& tile, double count, const Depth& depth) {
  const double waves = count * depth.split * work.waves;
  const double loop_ns = tile.flop * depth.elements * work.ns_per_flop;
  if (std::max(1.0, waves) * loop_ns + depth.extra_ns >= best) return best;
  const double played = waves <= 1.0 ? 1.0 : 0.5 * (waves + std::ceil(waves));
  return std::min(best, quartic(played * loop_ns, depth.memory_ns) + depth.extra_ns);
}

}  // namespace

double gemm_ns(const Npu& npu, Precision precision, const Gemm& gemm, double result_bytes) {
  const NpuConstants& fit = npu.constants;
  const double in_bytes = input_bytes(precision);
  const double step = 16.0 / std::min(std::exp2(std::floor(std::log2(in_bytes))), 2.0);  // in elements
  const bool aligned = std::fmod(gemm.n, step) == 0.0 && std::fmod(gemm.k, step) == 0.0;
  const double share = fit.gemm_efficiency * (aligned ? 1.0 : unaligned_speed);
  const double bytes_per_ns = npu.memory_gb_per_s * fit.memory_efficiency;
  const double overhead_ns = fit.kernel_overhead_us * 1e3;
  const Work work{npu.processors / (npu.peak(precision) * share), 1.0 / npu.processors};
  const double elements = in_bytes * (gemm.m * gemm.k + gemm.k * gemm.n) + result_bytes * gemm.m * gemm.n;
  const double memory_ns = gemm.batch * elements / bytes_per_ns;
  const double partial_ns = 4.0 * gemm.m * gemm.n * gemm.batch / bytes_per_ns;
  const std::array rows = tiles_along(gemm.m);
  const std::array columns = tiles_along(gemm.n);
  const double fewest = rows.back() * columns.back() * gemm.batch;
  double best = std::numeric_limits<double>::infinity();
  for (double split = 1.0; split <= most_splits; split *= 2.0) {
    const bool splits = split > 1.0;
    const double most =
        splits ? most_waves * npu.processors / split : std::numeric_limits<double>::infinity();
    if (fewest > most || (splits && gemm.k / split < least_depth)) break;
    const double steps = std::ceil(gemm.k / split / slice);
    const Depth depth{split, steps * slice, memory_ns + (splits ? split * partial_ns : 0.0),
                      steps * fit.slice_ns + (splits ? overhead_ns : 0.0)};
    for (const Tile& tile : tiles) {
      const double count = rows[tile.rows] * columns[tile.columns] * gemm.batch;
      if (count <= most) best = shorter(best, work, tile, count, depth);
    }
  }
  return best + overhead_ns;
}

double streaming_ns(const Npu& npu, double bytes) {
  return npu.constants.kernel_overhead_us * 1e3 +
         bytes / (npu.memory_gb_per_s * npu.constants.memory_efficiency);
}

}  // namespace bandwright
