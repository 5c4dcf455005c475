#pragma once
#include <span>
#include <vector>

#include "memory/graph.h"
#include "memory/programs/mixed_integer.h"
#include "memory/programs/schedule.h"
#include "memory/tiers.h"

namespace bandwright {

// What a program may decide about each tensor.
enum class Freedom {
  Static,        // one memory for life
  Synchronous,   // copies before and after the kernels that use it, while the processor waits
  Asynchronous,  // besides, copies beside other kernels
};

// Placement as a mixed-integer program, after AutoTM (Hildebrand et al., ASPLOS 2020). A tensor t of s_t
// bytes passes its stops j = 1..J: the kernels that use it (1 is its producer) and, when copies may overlap,
// the kernels within `window` of one. Binary unless said otherwise:
//
//   x_j   in fast memory while its user j runs              x_j >= p_j,  x_j >= p_(j-1)
//   p_j   in fast memory from stop j to stop j+1            p_j <= p_(j-1) + a_j beside other kernels
//   a_j   fetched beside kernel j      b_j  written back beside kernel j, b_j <= p_(j-1)
//   w     written back with the processor waiting (continuous)
//         x_1 - p_j <= w + b_1 + ... + b_j                  what leaves fast memory has a slow copy
//
//   time of kernel k:  linear     T_k = fast_k + sum of slow_(k,t) (1 - x)
//                      measured   T_k = sum_q c_q y_q, sum_q y_q = 1, sum over q with t fast of y_q = x
//   capacity at k:     sum of s_t (x, p or p + a) <= limit_k
//   kept tensors:      x_1 of `first` = x_J of `last`
//   minimise           sum_k max(T_k, copies beside k) + sum of (x_j - p_(j-1)) s_t / to_fast + w s_t /
//   to_slow
//
// This is AutoTM's flow graph with its edges projected out (x_j - p_(j-1) is its read edge), which leaves the
// relaxation as tight: y_q is tied by equalities, which is tighter. Static: all x and p of a tensor are one.
// Objective in ms, capacity in MB, so that coefficients are of moderate size.
class Formulation {
 public:
  struct Options {
    Freedom freedom = Freedom::Synchronous;
    int window = 15;  // kernels before and after a user beside which a copy may run
  };
  // REQUIRES one limit per kernel; graph and tiers outlive this.
  Formulation(const TrainingGraph& graph, const TierPair& tiers, std::span<const Bytes> limits,
              const Options& options);

  [[nodiscard]] const MixedIntegerProgram& program() const { return program_; }
  // The schedule of a point with whole x, p, a, b; copies that nothing needs are left out.
  [[nodiscard]] Schedule schedule(const std::vector<double>& point) const;
  // The point of a schedule that keeps to this formulation's stops.
  [[nodiscard]] std::vector<double> point(const Schedule& schedule) const;

 private:
  static constexpr int none = -1;
  struct Stop {
    int kernel = 0;
    bool user = false;
    int here = none;     // x
    int stays = none;    // p
    int fetched = none;  // a
    int stored = none;   // b
    int copied = none;   // b_1 + ... + b_j, at most 1
  };
  struct Path {  // of one tensor
    std::vector<Stop> stops;
    int written = none;  // w
  };
  struct KernelColumns {
    std::vector<int> fast;                          // x of each argument
    std::vector<int> configurations;                // y, as in Kernel::measured
    std::vector<MixedIntegerProgram::Term> copies;  // ms of the copies beside it
    int duration = none;                            // max(T, copies), when there may be copies
  };

  void add_stops(int tensor, const std::vector<int>& uses, const Options& options);
  void add_path(int tensor, Freedom freedom);
  void link_stops(int tensor, Freedom freedom);
  void add_kernel(int k);
  void add_measured_kernel(int k, std::vector<MixedIntegerProgram::Term>& time);
  void add_capacity(std::span<const Bytes> limits);
  [[nodiscard]] double copy_ms(int tensor, Bandwidth bandwidth) const;
  [[nodiscard]] bool pays(int tensor, int k, Bandwidth CopyBandwidth::*direction) const;
  void tensor_schedule(int tensor, const std::vector<double>& point, std::vector<Action>& actions) const;
  void tensor_point(int tensor, bool born_fast, std::span<const Action> actions,
                    std::vector<double>& x) const;
  void kernel_point(int k, std::vector<double>& x) const;

  const TrainingGraph& graph_;
  const TierPair& tiers_;
  MixedIntegerProgram program_;
  std::vector<Path> paths_;
  std::vector<KernelColumns> kernels_;
};

}  // namespace bandwright
