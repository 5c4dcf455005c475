#pragma once
#include <cstdint>
#include <span>

#include "collective/collective.h"
#include "collective/library.h"

namespace bandwright {

// Calls visit(phase, part) for the phases of a collective over the dimensions of a group, which `order` gives
// as indices. Hierarchical, over d1 .. dk:
//
//   all-reduce       reduce-scatter d1 .. d(k-1), all-reduce dk, all-gather d(k-1) .. d1
//   reduce-scatter, all-to-all, reduce, point-to-point    d1 .. dk
//   all-gather, broadcast                                 dk .. d1
//
// and plain: the same kind with all the data on d1 .. dk. Source: semantics of ASTRA-sim 1.0's "localBWAware"
// and "baseline".
template <class Visit>
void for_each_phase(CollectiveKind kind, Composition composition, std::span<const std::uint8_t> order,
                    Visit&& visit) {
  const auto upwards = [&](CollectiveKind phase, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) visit(phase, order[i]);
  };
  const auto downwards = [&](CollectiveKind phase, std::size_t count) {
    for (std::size_t i = count; i-- > 0;) visit(phase, order[i]);
  };
  if (order.empty()) return;
  if (kind == CollectiveKind::AllGather || kind == CollectiveKind::Broadcast) {
    downwards(kind, order.size());
  } else if (kind != CollectiveKind::AllReduce || composition == Composition::Plain) {
    upwards(kind, order.size());
  } else {
    upwards(CollectiveKind::ReduceScatter, order.size() - 1);
    visit(CollectiveKind::AllReduce, order.back());
    downwards(CollectiveKind::AllGather, order.size() - 1);
  }
}

}  // namespace bandwright
