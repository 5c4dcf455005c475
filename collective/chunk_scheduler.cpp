#include "collective/chunk_scheduler.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/catalogue.h"

namespace bandwright {
namespace {

DimensionOrder ascending_order(std::size_t dimensions) {
  DimensionOrder order(dimensions);
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  return order;
}

std::vector<DimensionOrder> ascending(const ChunkProblem& problem) {
  return std::vector<DimensionOrder>(static_cast<std::size_t>(problem.chunks),
                                     ascending_order(problem.npus.size()));
}

// Adds the time a chunk keeps each dimension busy; returns the shortest of them.
double add_loads(const ChunkProblem& problem, const DimensionOrder& order, std::vector<double>& loads) {
  double bytes = problem.bytes;
  double shortest = 0.0;
  for (const std::uint8_t d : order) {
    const double n = problem.npus[d];
    const double ns = bytes * (n - 1) / n * problem.ns_per_byte[d];
    shortest = d == order.front() ? ns : std::min(shortest, ns);
    loads[d] += ns;
    bytes /= n;
  }
  return shortest;
}

std::vector<DimensionOrder> themis(const ChunkProblem& problem) {
  const DimensionOrder plain = ascending_order(problem.npus.size());
  std::vector<double> loads(plain.size(), 0.0);
  std::vector<double> scratch(plain.size(), 0.0);
  const double threshold = add_loads(problem, plain, scratch);
  std::vector<DimensionOrder> orders;
  for (int chunk = 0; chunk < problem.chunks; ++chunk) {
    DimensionOrder order = plain;
    const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
    if (*most - *least >= threshold) {
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return loads[a] < loads[b]; });
    }
    add_loads(problem, order, loads);
    orders.push_back(std::move(order));
  }
  return orders;
}

}  // namespace

std::span<const ChunkScheduler> chunk_schedulers() {
  static constexpr std::array schedulers = {
      ChunkScheduler{"ascending", "every chunk from the innermost dimension outwards", ascending},
      ChunkScheduler{"themis", "each chunk starts on the dimension with least to do", themis}};
  return schedulers;
}

const ChunkScheduler& chunk_scheduler(std::string_view name) {
  return find_in_catalogue(chunk_schedulers(), name, "chunk scheduler");
}

}  // namespace bandwright
