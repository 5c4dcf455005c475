#include "memory/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <queue>

#include "core/error.h"

namespace bandwright {
namespace {

std::vector<int> producers(const TrainingGraph& graph) {
  std::vector<int> producer(graph.tensors.size(), -1);
  for (std::size_t k = 0; k < graph.kernels.size(); ++k) {
    const Kernel& kernel = graph.kernels[k];
    for (std::size_t a = kernel.outputs_from; a < kernel.arguments.size(); ++a) {
      int& of = producer[kernel.arguments[a]];
      if (of >= 0) {
        throw InputError(fmt::format("tensor '{}' is written by kernel '{}' and again by kernel '{}'",
                                     graph.tensors[kernel.arguments[a]].name, graph.kernels[of].name,
                                     kernel.name));
      }
      of = static_cast<int>(k);
    }
  }
  return producer;
}

struct Dependencies {
  std::vector<std::vector<int>> dependants;  // of each kernel
  std::vector<int> missing;                  // kernels each one still waits for
};

Dependencies dependencies(const TrainingGraph& graph) {
  const std::vector<int> producer = producers(graph);
  Dependencies result{std::vector<std::vector<int>>(graph.kernels.size()),
                      std::vector<int>(graph.kernels.size(), 0)};
  for (std::size_t k = 0; k < graph.kernels.size(); ++k) {
    const Kernel& kernel = graph.kernels[k];
    if (kernel.arguments.size() > most_arguments) {
      throw InputError(fmt::format("kernel '{}' has more than {} tensors", kernel.name, most_arguments));
    }
    for (int a = 0; a < kernel.outputs_from; ++a) {
      const int from = producer[kernel.arguments[a]];
      if (from < 0) {
        throw InputError(fmt::format("tensor '{}' of kernel '{}' is never written",
                                     graph.tensors[kernel.arguments[a]].name, kernel.name));
      }
      result.dependants[from].push_back(static_cast<int>(k));
      ++result.missing[k];
    }
  }
  return result;
}

}  // namespace

double Kernel::ns(std::uint32_t slow) const {
  if (measured.empty()) {
    double total = fast_ns;
    for (std::size_t a = 0; a < arguments.size(); ++a) total += (slow >> a & 1U) != 0 ? slow_ns[a] : 0.0;
    return total;
  }
  const auto found = std::find_if(measured.begin(), measured.end(),
                                  [slow](const Configuration& c) { return c.slow == slow; });
  return found == measured.end() ? never : found->ns;
}

Users users(const TrainingGraph& graph) {
  Users result(graph.tensors.size());
  for (std::size_t k = 0; k < graph.kernels.size(); ++k) {
    for (const int tensor : graph.kernels[k].arguments) result[tensor].push_back(static_cast<int>(k));
  }
  return result;
}

void sort_and_check(TrainingGraph& graph) {
  Dependencies waiting = dependencies(graph);
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (std::size_t k = 0; k < graph.kernels.size(); ++k) {
    if (waiting.missing[k] == 0) ready.push(static_cast<int>(k));
  }
  std::vector<Kernel> sorted;
  while (!ready.empty()) {
    const int k = ready.top();
    ready.pop();
    sorted.push_back(graph.kernels[k]);
    for (const int next : waiting.dependants[k]) {
      if (--waiting.missing[next] == 0) ready.push(next);
    }
  }
  if (sorted.size() < graph.kernels.size()) {
    const auto stuck =
        std::find_if(waiting.missing.begin(), waiting.missing.end(), [](int n) { return n > 0; });
    throw InputError(fmt::format("kernel '{}' waits for its own result: the graph is cyclic",
                                 graph.kernels[stuck - waiting.missing.begin()].name));
  }
  graph.kernels = std::move(sorted);
}

Bytes peak_live(const TrainingGraph& graph) {
  std::vector<std::int64_t> change(graph.kernels.size() + 1, 0);
  const Users uses = users(graph);
  for (std::size_t t = 0; t < uses.size(); ++t) {
    if (uses[t].empty()) continue;
    change[uses[t].front()] += whole_pages(graph.tensors[t].bytes).value();
    change[uses[t].back() + 1] -= whole_pages(graph.tensors[t].bytes).value();
  }
  std::int64_t live = 0;
  std::int64_t most = 0;
  for (const std::int64_t step : change) most = std::max(most, live += step);
  return bytes(most);
}

}  // namespace bandwright
