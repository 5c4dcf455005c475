// From a point of the program to a schedule and back.
#include <algorithm>

#include "memory/programs/formulation.h"

namespace bandwright {
namespace {

bool on(const std::vector<double>& point, int column) { return column >= 0 && point[column] > 0.5; }

}  // namespace

void Formulation::tensor_schedule(int tensor, const std::vector<double>& point,
                                  std::vector<Action>& actions) const {
  const std::vector<Stop>& stops = paths_[tensor].stops;
  // Working backwards: is the tensor used again before it leaves fast memory, and does it leave later?
  std::vector<bool> used_again(stops.size());
  std::vector<bool> leaves(stops.size());
  for (std::size_t j = stops.size() - 1; j-- > 0;) {
    const bool stays = on(point, stops[j].stays);
    used_again[j] = stays && (stops[j + 1].user || used_again[j + 1]);
    leaves[j] = !stays || leaves[j + 1];
  }
  bool fast = on(point, stops.front().here);
  bool copied = !fast;
  for (std::size_t j = 0; j < stops.size(); ++j) {
    const Stop& stop = stops[j];
    const auto act = [&](Move move, bool overlapped) {
      actions.push_back({.kernel = stop.kernel, .tensor = tensor, .move = move, .overlapped = overlapped});
    };
    if (!fast && (on(point, stop.here) || (on(point, stop.fetched) && used_again[j]))) {
      act(Move::Fetch, !stop.user);
      fast = true;
    }
    if (fast && !copied && on(point, stop.stored) && leaves[j]) {
      act(Move::WriteBack, true);
      copied = true;
    }
    if (fast && j + 1 < stops.size() && !on(point, stop.stays)) {
      if (!copied) act(Move::WriteBack, false);
      act(Move::Drop, false);
      copied = true;
      fast = false;
    }
  }
}

Schedule Formulation::schedule(const std::vector<double>& point) const {
  Schedule result;
  for (std::size_t t = 0; t < paths_.size(); ++t) {
    const bool used = !paths_[t].stops.empty();
    result.born_fast.push_back(used && on(point, paths_[t].stops.front().here));
    if (used) tensor_schedule(static_cast<int>(t), point, result.actions);
  }
  std::stable_sort(result.actions.begin(), result.actions.end(),
                   [](const Action& a, const Action& b) { return a.kernel < b.kernel; });
  return result;
}

void Formulation::tensor_point(int tensor, bool born_fast, std::span<const Action> actions,
                               std::vector<double>& x) const {
  const Path& path = paths_[tensor];
  bool fast = born_fast;
  double copied = 0.0;
  for (const Stop& stop : path.stops) {
    bool dropped = false;
    for (const Action& action : actions) {
      if (action.kernel != stop.kernel) continue;
      if (action.move == Move::Fetch) {
        fast = true;
        if (action.overlapped) x[stop.fetched] = 1.0;
      } else if (action.move == Move::Drop) {
        dropped = true;
      } else if (action.overlapped) {
        x[stop.stored] = copied = 1.0;
      } else {
        x[path.written] = 1.0;
      }
    }
    if (stop.here != none) x[stop.here] = fast ? 1.0 : 0.0;
    if (stop.copied != none) x[stop.copied] = copied;
    fast = fast && !dropped;
    if (stop.stays != none) x[stop.stays] = fast ? 1.0 : 0.0;
  }
}

void Formulation::kernel_point(int k, std::vector<double>& x) const {
  const Kernel& kernel = graph_.kernels[k];
  const KernelColumns& columns = kernels_[k];
  std::uint32_t slow = 0;
  double ms = kernel.fast_ns * 1e-6;
  for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
    if (x[columns.fast[a]] > 0.5) continue;
    if (kernel.measured.empty()) {
      ms += kernel.slow_ns[a] * 1e-6;
    } else {
      slow |= std::uint32_t{1} << a;
    }
  }
  for (std::size_t q = 0; q < columns.configurations.size(); ++q) {
    if (kernel.measured[q].slow != slow) continue;
    x[columns.configurations[q]] = 1.0;
    ms = kernel.measured[q].ns * 1e-6;
  }
  double copies_ms = 0.0;
  for (const auto& [column, copy_ms] : columns.copies) copies_ms += copy_ms * x[column];
  if (columns.duration != none) x[columns.duration] = std::max(ms, copies_ms);
}

std::vector<double> Formulation::point(const Schedule& schedule) const {
  std::vector<std::vector<Action>> actions(paths_.size());
  for (const Action& action : schedule.actions) actions[action.tensor].push_back(action);
  std::vector<double> x(program_.columns.size(), 0.0);
  for (std::size_t t = 0; t < paths_.size(); ++t) {
    tensor_point(static_cast<int>(t), schedule.born_fast[t], actions[t], x);
  }
  for (std::size_t k = 0; k < kernels_.size(); ++k) kernel_point(static_cast<int>(k), x);
  return x;
}

}  // namespace bandwright
