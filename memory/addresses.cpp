#include "memory/addresses.h"

#include <algorithm>

namespace bandwright {
namespace {

bool meet(const Residency& a, const Residency& b) { return a.first <= b.last && b.first <= a.last; }

// The lowest offset at which `size` bytes are free of `taken`, which is sorted by offset.
Bytes lowest_gap(const std::vector<std::pair<Bytes, Bytes>>& taken, Bytes size) {
  Bytes offset;
  for (const auto& [begin, end] : taken) {
    if (offset + size <= begin) break;
    offset = std::max(offset, end);
  }
  return offset;
}

// Each stay in turn at the lowest offset free for all of it.
AddressPlan place_in_order(const TrainingGraph& graph, const std::vector<Residency>& stays) {
  AddressPlan plan;
  for (const Residency& stay : stays) {
    const Bytes size = whole_pages(graph.tensors[stay.tensor].bytes);
    std::vector<std::pair<Bytes, Bytes>> taken;
    for (const Placed& other : plan.blocks) {
      if (!meet(stay, other.stay)) continue;
      taken.emplace_back(other.offset, other.offset + whole_pages(graph.tensors[other.stay.tensor].bytes));
    }
    std::sort(taken.begin(), taken.end());
    plan.blocks.push_back({stay, lowest_gap(taken, size)});
    plan.high_water = std::max(plan.high_water, plan.blocks.back().offset + size);
  }
  return plan;
}

// The order of the next attempt: what overflowed comes first.
std::vector<Residency> overflow_first(const TrainingGraph& graph, const AddressPlan& plan, Bytes limit) {
  std::vector<Residency> first;
  std::vector<Residency> rest;
  for (const Placed& block : plan.blocks) {
    const bool over = block.offset + whole_pages(graph.tensors[block.stay.tensor].bytes) > limit;
    (over ? first : rest).push_back(block.stay);
  }
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

}  // namespace

AddressPlan assign_addresses(const TrainingGraph& graph, const Schedule& schedule, Bytes limit) {
  std::vector<Residency> stays = residencies(graph, schedule);
  std::stable_sort(stays.begin(), stays.end(), [&](const Residency& a, const Residency& b) {
    return graph.tensors[a.tensor].bytes > graph.tensors[b.tensor].bytes;
  });
  AddressPlan best = place_in_order(graph, stays);
  AddressPlan latest = best;
  const int attempts = stays.size() < 1000 ? 200 : 5;
  for (int i = 0; i < attempts && best.high_water > limit; ++i) {
    latest = place_in_order(graph, overflow_first(graph, latest, limit));
    if (latest.high_water < best.high_water) best = latest;
  }
  return best;
}

}  // namespace bandwright
