#include "plan/hardware/group_layout.h"

#include <algorithm>

#include "core/error.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

// Groups in the order of a placement, by the names and sizes of training/parallelism.cpp.
std::int64_t size_of(const Parallelism& p, std::string_view name) {
  const bool own_tensor = p.experts_tensor() != p.tensor;
  const std::int64_t expert = own_tensor ? 1 : std::max<std::int64_t>(1, p.expert / p.context);
  if (name == "TP") return p.tensor;
  if (name == "CP") return p.context;
  if (name == "EP") return expert;
  if (name == "DP") return p.data / expert;
  return p.pipeline;
}

}  // namespace

std::vector<std::vector<std::string>> placements(const Parallelism& p) {
  std::vector<std::size_t> free;  // places of groups of several NPUs
  for (std::size_t i = 0; i < p.placement.size(); ++i) {
    if (size_of(p, p.placement[i]) > 1) free.push_back(i);
  }
  std::vector<std::size_t> order = free;
  std::vector<std::vector<std::string>> all;
  do {
    std::vector<std::string> placement = p.placement;
    for (std::size_t i = 0; i < free.size(); ++i) placement[free[i]] = p.placement[order[i]];
    all.push_back(std::move(placement));
  } while (std::next_permutation(order.begin(), order.end()));
  return all;
}

bool for_each_part(const Parallelism& p, const std::vector<int>& npus,
                   const std::function<void(int part)>& visit) {
  std::size_t d = 0;
  std::int64_t room = npus.front();  // left in dimension d
  for (const std::string& name : p.placement) {
    std::int64_t left = size_of(p, name);
    while (left > 1) {
      if (room == 1) {
        if (++d == npus.size()) return false;
        room = npus[d];
      }
      const std::int64_t part = std::min(left, room);
      if (left % part != 0 || room % part != 0) return false;
      visit(static_cast<int>(part));
      left /= part;
      room /= part;
    }
  }
  return true;
}

bool lies_over(const Parallelism& p, const std::vector<int>& npus) {
  return for_each_part(p, npus, [](int /*part*/) {});
}

FreeLayout layout_of(const FreeHardware& hardware, const ShapeFamily& family, const Parallelism& p) {
  ShapeFamily any = family;
  for (std::uint8_t& each : any.kinds) each = static_cast<std::uint8_t>(each & -each);
  FreeLayout layout{free_dimensions(hardware, family), parallel_groups(network_of(hardware, any), p),
                    copying_share(hardware, family)};
  for (Group& group : layout.groups) merge_neighbours(group);
  return layout;
}

std::optional<FreeLayout> try_layout(const FreeHardware& hardware, const ShapeFamily& family,
                                     const Parallelism& p) {
  if (!lies_over(p, family.npus)) return std::nullopt;
  try {
    return layout_of(hardware, family, p);
  } catch (const InputError&) {  // parts of groups
    return std::nullopt;
  }
}

}  // namespace bandwright
