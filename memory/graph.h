#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/units.h"

namespace bandwright {

// Memory is handed out in whole pages.
constexpr Bytes page = bytes(4096);
constexpr Bytes whole_pages(Bytes b) {
  return bytes((b.value() + page.value() - 1) / page.value() * page.value());
}

struct Tensor {
  std::string name;
  Bytes bytes;
};

// The time of a kernel for one choice of memory per argument: bit a set means argument a is in slow memory.
struct Configuration {
  std::uint32_t slow = 0;
  double ns = 0.0;
};

// A kernel and its time as a function of where its arguments lie. Either measured, one time per permitted
// configuration, or linear: with s_a = 1 where argument a is in slow memory,
//
//   t = fast_ns + sum_a slow_ns_a s_a
struct Kernel {
  std::string name;
  std::string op;
  std::vector<int> arguments;  // the tensors it reads, then those it writes; each once
  int outputs_from = 0;        // arguments[outputs_from ...] are written
  double fast_ns = 0.0;
  std::vector<double> slow_ns;          // linear: one per argument
  std::vector<Configuration> measured;  // not empty: these times, and no other configuration runs

  [[nodiscard]] bool writes(std::size_t argument) const { return static_cast<int>(argument) >= outputs_from; }
  // Infinite when the kernel does not run in this configuration.
  [[nodiscard]] double ns(std::uint32_t slow) const;
};
constexpr std::size_t most_arguments = 32;
constexpr double never = std::numeric_limits<double>::infinity();

// One training step as placement sees it: kernels in the order they run and the tensors they hand to each
// other. A tensor lives from the kernel that writes it, its only producer, to the last one that reads it.
// What no kernel writes or no later kernel needs is not part of it: it stays in fast memory beside the limit
// considered here.
//
// A tensor that outlives the step (a weight, an optimizer's state) is two of them: `first`, which a kernel
// without time hands to the step, and `last`, which the step leaves. The next step's first is this one's
// last, so that at its last kernel `last` lies where `first` was born.
struct TrainingGraph {
  struct Kept {
    int first = 0;
    int last = 0;
  };
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Kernel> kernels;
  std::vector<Kept> kept;
  bool measured = false;  // times of real kernels, not of the linear tier model
};

// For each tensor the kernels that use it, ascending: its producer first. REQUIRES a graph that passed
// check().
using Users = std::vector<std::vector<int>>;
Users users(const TrainingGraph& graph);

// Sorts the kernels so that every tensor is written before it is read, keeping the given order where that is
// possible. Throws InputError naming a kernel of a cycle or with more than 32 tensors, or a tensor with two
// producers or none.
void sort_and_check(TrainingGraph& graph);

// The most bytes alive at one kernel, in whole pages.
Bytes peak_live(const TrainingGraph& graph);

}  // namespace bandwright
