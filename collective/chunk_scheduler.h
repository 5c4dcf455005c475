#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bandwright {

// A hierarchical collective, as a chunk scheduler sees it.
struct ChunkProblem {
  std::span<const int> npus;            // of the group along each dimension, innermost first
  std::span<const double> ns_per_byte;  // of each
  double bytes = 0.0;                   // of a chunk, where it is largest
  int chunks = 0;
};

// Dimensions of the group in the order a chunk scatters over them; it gathers in the reverse order.
using DimensionOrder = std::vector<std::uint8_t>;

// Gives each chunk of a collective its own order.
struct ChunkScheduler {
  std::string_view name;
  std::string_view help;
  std::vector<DimensionOrder> (*orders)(const ChunkProblem& problem);  // one per chunk
};

// The catalogue:
//   ascending  every chunk from the innermost dimension outwards.
//   themis     each chunk takes its first, largest pass on the dimension that has least to do so far, so that
//              all end together; while loads differ by less than a chunk's shortest pass, ascending. Source:
//              Rashidi et al., "Themis" (ISCA 2022), algorithm 1.
std::span<const ChunkScheduler> chunk_schedulers();
const ChunkScheduler& chunk_scheduler(std::string_view name);  // throws InputError naming the choices

}  // namespace bandwright
