#include "training/layers/expert_routing.h"

#include <algorithm>

#include "training/layers/layer_cost.h"

namespace bandwright {
namespace {

constexpr double scaled_byte = 1.0 + 4.0 / 128.0;

// C(all - part, draws) / C(all, draws): the share of draws that meet none of a part. Of fractions, by the
// same product.
double missed(double all, double part, std::int64_t draws) {
  double share = 1.0;
  for (std::int64_t i = 0; i < draws && share > 0.0; ++i) {
    const auto drawn = static_cast<double>(i);
    share *= std::max(0.0, all - part - drawn) / (all - drawn);
  }
  return share;
}

double reachable(const Experts& experts, double parts) {
  const auto groups = static_cast<double>(experts.groups);
  if (experts.groups <= 1) return parts;
  if (parts > groups) return static_cast<double>(experts.groups_per_token) * parts / groups;
  return parts * (1.0 - missed(groups, groups / parts, experts.groups_per_token));
}

}  // namespace

double parts_visited(const Experts& experts, double parts) {
  const double reach = reachable(experts, parts);
  const double part = static_cast<double>(experts.count) / parts;
  return reach * (1.0 - missed(reach * part, part, experts.per_token));
}

bool once_per_node(const TransformerArchitecture& model, const Parallelism& p) {
  return p.dispatch == ExpertDispatch::PerNode ||
         (p.dispatch == ExpertDispatch::ByModel && model.experts.groups > 1);
}

RouteBytes route_bytes(const TransformerArchitecture& model, const Parallelism& p, const Group& expert_group,
                       bool dispatch) {
  const double size = dispatch && narrows(p.precision) ? scaled_byte : 2.0;
  const bool apart =
      p.sequence_parallel || p.experts_tensor() != p.tensor;  // TP ranks send parts of the tokens
  const double ranks = apart ? static_cast<double>(p.tensor) : 1.0;
  const double one_each =
      size * tokens_per_pass(model, p) * static_cast<double>(model.expert_width()) / ranks;
  if (!once_per_node(model, p)) return {.inside = one_each * static_cast<double>(model.experts.per_token)};
  double nodes = 1.0;
  for (const GroupDimension& part : expert_group.dimensions) nodes *= part.dimension > 0 ? part.npus : 1.0;
  return {one_each * parts_visited(model.experts, static_cast<double>(p.expert)),
          one_each * parts_visited(model.experts, nodes)};
}

}  // namespace bandwright
