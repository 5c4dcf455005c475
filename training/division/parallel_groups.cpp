#include "training/division/parallel_groups.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace bandwright {
namespace {

// The parts of a group in the innermost dimension, and in the others.
void add_parts(const Group& whole, std::vector<Group>& groups) {
  Group inside{.name = whole.name + " inside"};
  Group between{.name = whole.name + " between"};
  for (const GroupDimension& part : whole.dimensions) {
    (part.dimension == 0 ? inside : between).dimensions.push_back(part);
  }
  groups.push_back(std::move(inside));
  groups.push_back(std::move(between));
}

struct Halves {
  Group inner;
  Group outer;
};
// The first `npus` of a group, and the NPUs that have the same place in each such part.
Halves split_group(const Group& whole, std::int64_t npus, const std::string& inner,
                   const std::string& outer) {
  Halves halves{{.name = inner}, {.name = outer}};
  std::int64_t left = npus;
  for (const GroupDimension& part : whole.dimensions) {
    const auto inside = static_cast<int>(std::min<std::int64_t>(left, part.npus));
    if (part.npus % inside != 0 || left % inside != 0) {
      throw InputError(fmt::format("{} of {} {} NPUs do not fill dimensions of the network", npus,
                                   whole.npus(), whole.name));
    }
    if (inside > 1) halves.inner.dimensions.push_back({part.dimension, inside, part.stride});
    if (part.npus > inside) {
      halves.outer.dimensions.push_back({part.dimension, part.npus / inside, part.stride * inside});
    }
    left /= inside;
  }
  return halves;
}

}  // namespace

std::vector<Group> parallel_groups(const Network& network, const Parallelism& p) {
  std::vector<GroupSize> sizes;
  const bool own_tensor = p.experts_tensor() != p.tensor;  // experts are laid out over TP, CP and DP anew
  const std::int64_t expert_outside_context =
      own_tensor ? 1 : std::max<std::int64_t>(1, p.expert / p.context);
  for (const std::string& name : p.placement) {
    if (name == "TP") sizes.push_back({name, p.tensor});
    if (name == "CP") sizes.push_back({name, p.context});
    if (name == "EP") sizes.push_back({name, expert_outside_context});
    if (name == "DP") sizes.push_back({name, p.data / expert_outside_context});
    if (name == "PP") sizes.push_back({name, p.pipeline});
  }
  const std::vector<Group> laid_out = split_into_groups(network, sizes);
  const auto joined = [&](std::string name, std::initializer_list<std::string_view> parts) {
    Group group{.name = std::move(name)};
    for (const Group& part : laid_out) {
      if (std::find(parts.begin(), parts.end(), part.name) == parts.end()) continue;
      group.dimensions.insert(group.dimensions.end(), part.dimensions.begin(), part.dimensions.end());
    }
    return group;
  };
  const bool experts_use_context = p.expert > 1 && p.context > 1;
  std::vector<Group> groups;
  groups.push_back(joined("TP", {"TP"}));
  groups.push_back(joined("CP", {"CP"}));
  groups.push_back(experts_use_context ? joined("EP", {"CP", "EP"}) : joined("EP", {"EP"}));
  groups.push_back(joined("DP", {"CP", "EP", "DP"}));
  groups.push_back(experts_use_context ? joined("EDP", {"DP"}) : joined("EDP", {"CP", "DP"}));
  groups.push_back(joined("PP", {"PP"}));
  if (own_tensor) {
    Group all = joined("expert", {"TP", "CP", "EP", "DP"});
    merge_neighbours(all);
    const Halves rest = split_group(all, p.experts_tensor(), "ETP", "expert");
    Halves experts = split_group(rest.outer, p.expert, "EP", "EDP");
    groups[static_cast<std::size_t>(Axes::Expert)] = std::move(experts.inner);
    groups[static_cast<std::size_t>(Axes::ExpertData)] = std::move(experts.outer);
  }
  if (!p.hierarchical) {
    for (const Axes axis : {Axes::Data, Axes::ExpertData}) {
      Group& group = groups[static_cast<std::size_t>(axis)];
      if (group.dimensions.empty()) continue;
      const auto npus = static_cast<int>(group.npus());
      group.dimensions = {{group.dimensions.back().dimension, npus, group.dimensions.back().stride}};
    }
  }
  Group& data = groups[static_cast<std::size_t>(Axes::Data)];
  Group replicas{.name = "replicas"};
  if (p.zero_npus > 0 && p.zero_npus < data.npus()) {
    Halves zero = split_group(data, p.zero_npus, data.name, replicas.name);
    data = std::move(zero.inner);
    replicas = std::move(zero.outer);
  }
  groups.push_back(std::move(replicas));
  if (p.expert > 1) add_parts(groups[static_cast<std::size_t>(Axes::Expert)], groups);
  return groups;
}

}  // namespace bandwright
