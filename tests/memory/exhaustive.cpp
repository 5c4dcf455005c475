#include "tests/memory/exhaustive.h"

#include <algorithm>
#include <functional>
#include <map>

namespace bandwright {
namespace {

enum State : char { Absent, Fast, Both, Slow };
using States = std::vector<char>;
using Costs = std::map<States, double>;  // the least time that leads to a state

void keep_least(Costs& costs, const States& states, double ns) {
  const auto [known, is_new] = costs.try_emplace(states, ns);
  if (!is_new) known->second = std::min(known->second, ns);
}

class Search {
 public:
  Search(const TrainingGraph& graph, const TierPair& tiers, Bytes limit, Freedom freedom)
      : graph_(graph), tiers_(tiers), limit_(limit), freedom_(freedom), uses_(users(graph)) {
    for (const TrainingGraph::Kept& kept : graph.kept) {
      firsts_.push_back(kept.first);
      lasts_.push_back(kept.last);
    }
  }

  // Kept tensors are tried in both memories, all combinations of them.
  double least() {
    double best = never;
    for (std::uint32_t fast = 0; fast < 1U << graph_.kept.size(); ++fast) {
      kept_.clear();
      for (std::size_t i = 0; i < graph_.kept.size(); ++i) {
        kept_[graph_.kept[i].first] = kept_[graph_.kept[i].last] = (fast >> i & 1U) != 0;
      }
      best = std::min(best, least_with_kept());
    }
    return best;
  }

 private:
  double least_with_kept() {
    Costs costs = {{States(graph_.tensors.size(), Absent), 0.0}};
    for (std::size_t k = 0; k < graph_.kernels.size(); ++k) {
      Costs after;
      for (const auto& [states, ns] : costs) before_kernel(static_cast<int>(k), 0, states, ns, after);
      costs = std::move(after);
    }
    double best = never;
    for (const auto& [states, ns] : costs) best = std::min(best, ns);
    return best;
  }

  [[nodiscard]] bool allowed(int tensor, bool fast, const std::vector<int>& ends) const {
    const auto kept = kept_.find(tensor);
    return kept == kept_.end() || std::find(ends.begin(), ends.end(), tensor) == ends.end() ||
           kept->second == fast;
  }

  [[nodiscard]] double copy_ns(std::size_t tensor, Bandwidth bandwidth) const {
    return to_double(graph_.tensors[tensor].bytes) / bandwidth.value();
  }

  // Argument after argument: births and fetches.
  void before_kernel(int k, std::size_t argument, const States& states, double ns, Costs& after) const {
    const Kernel& kernel = graph_.kernels[k];
    if (argument == kernel.arguments.size()) return beside_kernel(k, 0, states, states, ns, 0.0, after);
    const int tensor = kernel.arguments[argument];
    const auto go = [&](State state, double cost) {
      States next = states;
      next[tensor] = state;
      before_kernel(k, argument + 1, next, ns + cost, after);
    };
    if (kernel.writes(argument)) {
      if (allowed(tensor, true, firsts_)) go(Fast, 0.0);
      if (allowed(tensor, false, firsts_)) go(Slow, 0.0);
      return;
    }
    before_kernel(k, argument + 1, states, ns, after);
    if (states[tensor] == Slow) go(Both, copy_ns(tensor, tiers_.copies.to_fast));
  }

  // Tensor after tensor: copies beside the kernel. `during` is what occupies fast memory.
  void beside_kernel(int k, std::size_t tensor, const States& states, const States& during, double ns,
                     double copies, Costs& after) const {
    if (tensor == states.size()) return run_kernel(k, states, during, ns, copies, after);
    beside_kernel(k, tensor + 1, states, during, ns, copies, after);
    const std::vector<int>& arguments = graph_.kernels[k].arguments;
    const bool used =
        std::find(arguments.begin(), arguments.end(), static_cast<int>(tensor)) != arguments.end();
    if (freedom_ != Freedom::Asynchronous || used || (states[tensor] != Slow && states[tensor] != Fast))
      return;
    const bool fetch = states[tensor] == Slow;
    States next = states;
    States occupied = during;
    next[tensor] = occupied[tensor] = Both;
    const double copy = copy_ns(tensor, fetch ? tiers_.overlapped.to_fast : tiers_.overlapped.to_slow);
    beside_kernel(k, tensor + 1, next, occupied, ns, copies + copy, after);
  }

  void run_kernel(int k, const States& states, const States& during, double ns, double copies,
                  Costs& after) const {
    Bytes used;
    for (std::size_t t = 0; t < during.size(); ++t) {
      if (during[t] == Fast || during[t] == Both) used += graph_.tensors[t].bytes;
    }
    if (used > limit_) return;
    const Kernel& kernel = graph_.kernels[k];
    std::uint32_t slow = 0;
    for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
      if (states[kernel.arguments[a]] == Slow) slow |= 1U << a;
    }
    const double time = kernel.ns(slow);
    if (time == never) return;
    States left = states;
    for (std::size_t t = 0; t < left.size(); ++t) {
      if (uses_[t].back() != k) continue;
      if (!allowed(static_cast<int>(t), left[t] != Slow, lasts_)) return;
      left[t] = Absent;
    }
    after_kernel(0, left, ns + std::max(time, copies), after);
  }

  // Tensor after tensor: what leaves fast memory.
  void after_kernel(std::size_t tensor, const States& states, double ns, Costs& after) const {
    if (tensor == states.size()) return keep_least(after, states, ns);
    after_kernel(tensor + 1, states, ns, after);
    if (states[tensor] != Fast && states[tensor] != Both) return;
    States next = states;
    next[tensor] = Slow;
    const double write = states[tensor] == Fast ? copy_ns(tensor, tiers_.copies.to_slow) : 0.0;
    after_kernel(tensor + 1, next, ns + write, after);
  }

  const TrainingGraph& graph_;
  const TierPair& tiers_;
  Bytes limit_;
  Freedom freedom_;
  Users uses_;
  std::map<int, bool> kept_;  // by first and last: whether in fast memory
  std::vector<int> firsts_;
  std::vector<int> lasts_;
};

double least_static_ns(const TrainingGraph& graph, Bytes limit) {
  const Users uses = users(graph);
  double best = never;
  for (std::uint32_t slow_tensors = 0; slow_tensors < 1U << graph.tensors.size(); ++slow_tensors) {
    double ns = 0.0;
    for (const TrainingGraph::Kept& kept : graph.kept) {
      if ((slow_tensors >> kept.first & 1U) != (slow_tensors >> kept.last & 1U)) ns = never;
    }
    for (std::size_t k = 0; k < graph.kernels.size(); ++k) {
      Bytes used;
      for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
        const bool live = uses[t].front() <= static_cast<int>(k) && static_cast<int>(k) <= uses[t].back();
        if (live && (slow_tensors >> t & 1U) == 0) used += graph.tensors[t].bytes;
      }
      std::uint32_t slow = 0;
      const std::vector<int>& arguments = graph.kernels[k].arguments;
      for (std::size_t a = 0; a < arguments.size(); ++a) slow |= (slow_tensors >> arguments[a] & 1U) << a;
      ns += used > limit ? never : graph.kernels[k].ns(slow);
    }
    best = std::min(best, ns);
  }
  return best;
}

}  // namespace

double least_ns(const TrainingGraph& graph, const TierPair& tiers, Bytes limit, Freedom freedom) {
  if (freedom == Freedom::Static) return least_static_ns(graph, limit);
  return Search(graph, tiers, limit, freedom).least();
}

}  // namespace bandwright
