#include "tests/memory/random_graph.h"

#include <algorithm>

namespace bandwright {
namespace {

class Builder {
 public:
  Builder(unsigned seed, bool measured) : random_(seed) { graph_.measured = measured; }

  TrainingGraph build(int most_tensors) && {
    const int tensors = between(2, most_tensors);
    while (static_cast<int>(graph_.tensors.size()) < tensors) add_kernel(tensors);
    sort_and_check(graph_);
    // The first and the last tensor are one memory in some graphs.
    if (between(0, 1) == 1) graph_.kept.push_back({0, static_cast<int>(graph_.tensors.size()) - 1});
    return std::move(graph_);
  }

 private:
  int between(int low, int high) { return low + static_cast<int>(random_() % (high - low + 1)); }

  void add_kernel(int tensors) {
    Kernel kernel{.name = "k" + std::to_string(graph_.kernels.size())};
    const int existing = static_cast<int>(graph_.tensors.size());
    for (int i = std::min(existing, between(0, 2)); i > 0; --i) {
      const int read = between(std::max(0, existing - 5), existing - 1);
      const auto end = kernel.arguments.end();
      if (std::find(kernel.arguments.begin(), end, read) == end) kernel.arguments.push_back(read);
    }
    kernel.outputs_from = static_cast<int>(kernel.arguments.size());
    for (int i = std::min(tensors - existing, between(1, 2)); i > 0; --i) {
      kernel.arguments.push_back(static_cast<int>(graph_.tensors.size()));
      graph_.tensors.push_back({"t" + std::to_string(graph_.tensors.size()), page * between(1, 9)});
    }
    kernel.fast_ns = between(500, 6000);
    for (std::size_t a = 0; a < kernel.arguments.size(); ++a) kernel.slow_ns.push_back(between(100, 6000));
    if (graph_.measured) measure(kernel);
    graph_.kernels.push_back(std::move(kernel));
  }

  void measure(Kernel& kernel) {
    for (std::uint32_t slow = 0; slow < 1U << kernel.arguments.size(); ++slow) {
      kernel.measured.push_back({slow, static_cast<double>(between(500, 12000))});
    }
    kernel.fast_ns = kernel.measured.front().ns;
    kernel.slow_ns.clear();
  }

  std::mt19937 random_;
  TrainingGraph graph_;
};

}  // namespace

TrainingGraph random_graph(unsigned seed, int most_tensors, bool measured) {
  return Builder(seed, measured).build(most_tensors);
}

TierPair test_tiers() {
  return {.name = "test",
          .help = "",
          .fast = {"fast", bytes(1 << 30), gb_per_s(100), gb_per_s(100), 2.1},
          .slow = {"slow", bytes(1 << 30), gb_per_s(10), gb_per_s(5), 1.0},
          .copies = {gb_per_s(20), gb_per_s(10)},
          .overlapped = {gb_per_s(20), gb_per_s(10)},
          .compute = FlopRate(1e12)};
}

}  // namespace bandwright
