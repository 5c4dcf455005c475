#include "training/kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace bandwright {
namespace {

struct Tile {
  double m;
  double n;
};
constexpr std::array tiles = {
    Tile{256, 128}, Tile{128, 256}, Tile{256, 256}, Tile{192, 128}, Tile{128, 192}, Tile{128, 128},
    Tile{128, 64},  Tile{64, 128},  Tile{64, 256},  Tile{256, 64},  Tile{64, 64},   Tile{64, 32},
    Tile{32, 64},   Tile{128, 32},  Tile{32, 128},  Tile{16, 64},   Tile{64, 16},   Tile{16, 128},
};
constexpr double loads_per_reuse = 16.0;
constexpr double slice = 64.0;
// Speed when rows of a matrix do not start at multiples of 16 bytes: elements are loaded one by one. Seen
// with vocabularies of odd size (50,257), which is why they are padded (Shoeybi et al., Megatron-LM, 2019).
constexpr double unaligned_speed = 0.4;

struct Machinery {  // of one call
  double flop_per_ns_and_processor;
  double bytes_per_ns;
  double slice_ns;
  double overhead_ns;
  double processors;
};

double quartic(double a, double b) {
  const double a2 = a * a;
  const double b2 = b * b;
  return std::sqrt(std::sqrt(a2 * a2 + b2 * b2));
}

double with_tile(const Machinery& on, const Gemm& gemm, Tile tile, double tiles_of_result, double split,
                 double memory_ns) {
  const double depth = std::ceil(gemm.k / split / slice) * slice;
  const double count = tiles_of_result * split / on.processors;
  const double waves = count <= 1.0 ? 1.0 : 0.5 * (count + std::ceil(count));
  const double reuse = tile.m * tile.n / (tile.m + tile.n);
  const double loop_ns =
      2.0 * tile.m * tile.n * depth * (1.0 + loads_per_reuse / reuse) / on.flop_per_ns_and_processor;
  const double partial = split > 1.0 ? 4.0 * gemm.m * gemm.n * gemm.batch * split / on.bytes_per_ns : 0.0;
  const double merge = split > 1.0 ? on.overhead_ns : 0.0;
  return quartic(waves * loop_ns, memory_ns + partial) + depth / slice * on.slice_ns + merge;
}

}  // namespace

double gemm_ns(const Npu& npu, Precision precision, const Gemm& gemm) {
  const NpuConstants& fit = npu.constants;
  const double in_bytes = precision == Precision::Fp8 ? 1.0 : 2.0;
  const bool aligned = std::fmod(in_bytes * gemm.n, 16.0) == 0.0 && std::fmod(in_bytes * gemm.k, 16.0) == 0.0;
  const double share = fit.gemm_efficiency * (aligned ? 1.0 : unaligned_speed);
  const Machinery on{npu.peak(precision) / npu.processors * share,
                     npu.memory_gb_per_s * fit.memory_efficiency, fit.slice_ns, fit.kernel_overhead_us * 1e3,
                     static_cast<double>(npu.processors)};
  const double elements = in_bytes * (gemm.m * gemm.k + gemm.k * gemm.n) + 2.0 * gemm.m * gemm.n;
  const double memory_ns = gemm.batch * elements / on.bytes_per_ns;
  double best = std::numeric_limits<double>::infinity();
  for (const Tile& tile : tiles) {
    const double count = std::ceil(gemm.m / tile.m) * std::ceil(gemm.n / tile.n) * gemm.batch;
    for (double split = 1.0; split <= 16.0; split *= 2.0) {
      if (split > 1.0 && (gemm.k / split < 256.0 || count * split > 4.0 * on.processors)) break;
      best = std::min(best, with_tile(on, gemm, tile, count, split, memory_ns));
    }
  }
  return best + on.overhead_ns;
}

double streaming_ns(const Npu& npu, double bytes) {
  return npu.constants.kernel_overhead_us * 1e3 +
         bytes / (npu.memory_gb_per_s * npu.constants.memory_efficiency);
}

}  // namespace bandwright
