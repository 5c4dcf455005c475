#include "plan/division_space.h"

#include <algorithm>

#include "core/error.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

std::vector<std::int64_t> divisors(std::int64_t n) {
  std::vector<std::int64_t> small;
  std::vector<std::int64_t> large;
  for (std::int64_t d = 1; d * d <= n; ++d) {
    if (n % d != 0) continue;
    small.push_back(d);
    if (d * d != n) large.insert(large.begin(), n / d);
  }
  small.insert(small.end(), large.begin(), large.end());
  return small;
}

std::vector<std::int64_t> up_to(std::int64_t last) {
  std::vector<std::int64_t> all;
  for (std::int64_t n = 1; n <= last; ++n) all.push_back(n);
  return all;
}

template <class Value>
std::vector<Value> or_any(const std::vector<Value>& given, std::vector<Value> any) {
  return given.empty() ? std::move(any) : given;
}

// Whether the first `npus` of a network fill whole inner dimensions and a divisor of the next.
bool fills_dimensions(const Network& network, std::int64_t npus) {
  for (const Dimension& dimension : network.dimensions) {
    if (npus % dimension.npus != 0) return npus < dimension.npus && dimension.npus % npus == 0;
    npus /= dimension.npus;
  }
  return npus == 1;
}

// Whether experts, and what ZeRO divides over, are so many of the NPUs that they are of.
bool shares_divide(const TransformerArchitecture& model, const Parallelism& p) {
  const std::int64_t replicas = p.context * p.data;
  if (model.sparse() ? model.experts.count % p.expert != 0 : p.expert > 1) return false;
  if (p.expert_tensor > 0 && p.tensor % p.expert_tensor != 0) return false;
  if (p.experts_tensor() != p.tensor) {
    if (p.tensor * replicas % (p.experts_tensor() * p.expert) != 0) return false;
  } else if (p.expert > 1 && (p.expert % p.context != 0 || replicas % p.expert != 0)) {
    return false;
  }
  return p.zero_npus == 0 || replicas % p.zero_npus == 0;
}

// Whether the groups can be laid over the network: each begins where the one inside it ends.
bool groups_fit(const Network& network, const Parallelism& p) {
  const bool own_tensor = p.experts_tensor() != p.tensor;
  const std::int64_t expert = own_tensor ? 1 : std::max<std::int64_t>(1, p.expert / p.context);
  std::int64_t inside = 1;
  for (const std::string& name : p.placement) {
    if (name == "TP") inside *= p.tensor;
    if (name == "CP") inside *= p.context;
    if (name == "EP") inside *= expert;
    if (name == "DP") inside *= p.data / expert;
    if (name == "PP") inside *= p.pipeline;
    if (!fills_dimensions(network, inside)) return false;
  }
  if (!own_tensor && p.zero_npus == 0) return true;
  try {  // parts of groups, by the one who lays them out
    static_cast<void>(parallel_groups(network, p));
    return true;
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace

double DivisionDomains::combinations() const {
  double all = 1.0;
  for (const std::size_t count :
       {tensor.size(), context.size(), pipeline.size(), expert.size(), virtual_stages.size(),
        micro_batch.size(), zero.size(), recompute.size(), sequence_parallel.size()}) {
    all *= static_cast<double>(count);
  }
  return all;
}

DivisionDomains domains_of(const DivisionSpace& space, std::int64_t npus) {
  const TransformerArchitecture& model = space.job.model;
  const std::vector<std::int64_t> shares = divisors(npus);
  const std::vector<std::int64_t> one = {1};
  return {.tensor = or_any(space.tensor, shares),
          .context = or_any(space.context, shares),
          .pipeline = or_any(space.pipeline, shares),
          .expert = or_any(space.expert, model.sparse() ? shares : one),
          .virtual_stages = or_any(space.virtual_stages, up_to(model.layers + 2)),
          .micro_batch = or_any(space.micro_batch, divisors(space.job.parallelism.global_batch)),
          .zero = or_any(space.zero, {0, 1, 2, 3}),
          .recompute =
              or_any(space.recompute, {Recomputation::None, Recomputation::Selective, Recomputation::Full}),
          .sequence_parallel = or_any(space.sequence_parallel, {false, true})};
}

std::vector<GroupSizes> group_sizes(const DivisionSpace& space, const DivisionDomains& domains,
                                    const Network& network) {
  const TransformerArchitecture& model = space.job.model;
  const std::int64_t npus = network.npus();
  std::vector<GroupSizes> all;
  Parallelism p = space.job.parallelism;
  for (const std::int64_t tensor : domains.tensor) {
    if (!tensor_divides(model, tensor)) continue;
    for (const std::int64_t context : domains.context) {
      if (model.sequence % context != 0 || npus % (tensor * context) != 0) continue;
      for (const std::int64_t pipeline : domains.pipeline) {
        if (pipeline > model.layers + 2 || npus % (tensor * context * pipeline) != 0) continue;
        for (const std::int64_t expert : domains.expert) {
          p.tensor = tensor;
          p.context = context;
          p.pipeline = pipeline;
          p.expert = expert;
          p.data = npus / (tensor * context * pipeline);
          if (shares_divide(model, p) && groups_fit(network, p)) {
            all.push_back({tensor, context, pipeline, expert});
          }
        }
      }
    }
  }
  return all;
}

namespace {

// The innermost decisions: what saves memory and who divides the norms. Where there is nothing to divide, all
// values of a decision are the same and the first stands for them.
void visit_savings(const DivisionDomains& domains, Parallelism& p,
                   const std::function<void(const Parallelism&)>& visit) {
  for (const std::int64_t zero : domains.zero) {
    if (zero >= 2 && p.pipeline > 1) continue;
    if (p.data * p.context == 1 && zero != domains.zero.front()) continue;
    p.zero = static_cast<int>(zero);
    for (const Recomputation recompute : domains.recompute) {
      p.recompute = recompute;
      for (const bool sequence_parallel : domains.sequence_parallel) {
        if (p.tensor == 1 && sequence_parallel != domains.sequence_parallel.front()) continue;
        p.sequence_parallel = sequence_parallel;
        visit(p);
      }
    }
  }
}

}  // namespace

PipelineSchedule schedule_of(const Parallelism& p, std::int64_t virtual_stages) {
  if (virtual_stages > 1) return PipelineSchedule::Interleaved;
  return p.schedule == PipelineSchedule::Interleaved ? PipelineSchedule::OneFOneB : p.schedule;
}

void for_each_division(const DivisionSpace& space, const DivisionDomains& domains, const GroupSizes& sizes,
                       std::int64_t npus, const std::function<void(const Parallelism&)>& visit) {
  const std::int64_t most_chunks = space.job.model.layers + 2;
  Parallelism p = space.job.parallelism;
  p.tensor = sizes.tensor;
  p.context = sizes.context;
  p.pipeline = sizes.pipeline;
  p.expert = sizes.expert;
  p.data = npus / (p.tensor * p.context * p.pipeline);
  for (const std::int64_t stages : domains.virtual_stages) {
    if (stages > 1 && (p.pipeline == 1 || p.pipeline * stages > most_chunks)) continue;
    p.virtual_stages = stages;
    p.schedule = schedule_of(p, stages);
    for (const std::int64_t micro_batch : domains.micro_batch) {
      if (p.global_batch % (p.data * micro_batch) != 0) continue;
      p.micro_batch = micro_batch;
      if (stages > 1 && p.micro_batches() % p.pipeline != 0) continue;
      visit_savings(domains, p, visit);
    }
  }
}

}  // namespace bandwright
