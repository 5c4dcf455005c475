#include "plan/division_space.h"

#include <algorithm>

#include "core/error.h"

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

// Whether the groups of these sizes can be laid over the network.
bool fits(const DivisionSpace& space, const GroupSizes& sizes, const Network& network) {
  Parallelism p = space.job.parallelism;
  p.tensor = sizes.tensor;
  p.context = sizes.context;
  p.pipeline = sizes.pipeline;
  p.expert = sizes.expert;
  fill_data_parallel(p, network.npus());
  if (!shares_divide(p)) return false;
  try {
    parallel_groups(network, p);
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
  const auto experts_fit = [&](const GroupSizes& sizes) {
    return sizes.expert == 1 || (model.sparse() && model.experts.count % sizes.expert == 0);
  };
  for (const std::int64_t tensor : domains.tensor) {
    if (model.heads % tensor != 0 || model.ffn % tensor != 0) continue;
    for (const std::int64_t context : domains.context) {
      if (model.sequence % context != 0 || npus % (tensor * context) != 0) continue;
      for (const std::int64_t pipeline : domains.pipeline) {
        if (pipeline > model.layers + 2 || npus % (tensor * context * pipeline) != 0) continue;
        for (const std::int64_t expert : domains.expert) {
          const GroupSizes sizes{tensor, context, pipeline, expert};
          if (experts_fit(sizes) && fits(space, sizes, network)) all.push_back(sizes);
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
  fill_data_parallel(p, npus);
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
