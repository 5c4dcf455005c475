#include "plan/plain_loops.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

// What a decision may be: as given, or all that divide `whole`.
std::vector<std::int64_t> may_be(const std::vector<std::int64_t>& given, std::int64_t whole) {
  std::vector<std::int64_t> values = given;
  for (std::int64_t n = 1; given.empty() && n <= whole; ++n) {
    if (whole % n == 0) values.push_back(n);
  }
  return values;
}
std::vector<std::int64_t> first_numbers(const std::vector<std::int64_t>& given, std::int64_t low,
                                        std::int64_t high) {
  std::vector<std::int64_t> values = given;
  for (std::int64_t n = low; given.empty() && n <= high; ++n) values.push_back(n);
  return values;
}

Parallelism of_sizes(const DivisionSpace& space, const ClosedSubtree& line) {
  Parallelism p = space.job.parallelism;
  p.tensor = line.sizes.tensor;
  p.context = line.sizes.context;
  p.pipeline = line.sizes.pipeline;
  p.expert = line.sizes.expert;
  p.data = line.npus / (p.tensor * p.context * p.pipeline);
  return p;
}

}  // namespace

bool runs(const TransformerArchitecture& model, const Network& network, const Parallelism& p) {
  try {
    validate(model, p);
    static_cast<void>(parallel_groups(network, p));
    return true;
  } catch (const InputError&) {
    return false;
  }
}

// All there are, in plain loops.
std::vector<ClosedSubtree> subtrees_in_loops(const DivisionSpace& space) {
  const TransformerArchitecture& model = space.job.model;
  std::vector<ClosedSubtree> all;
  for (const std::int64_t npus : space.npus) {
    Network network;
    try {
      network = space.job.machine.network(npus);
    } catch (const InputError&) {
      continue;
    }
    const std::vector<std::int64_t> experts = may_be(space.expert, model.sparse() ? npus : 1);
    for (const std::int64_t tensor : may_be(space.tensor, npus)) {
      for (const std::int64_t context : may_be(space.context, npus)) {
        for (const std::int64_t pipeline : may_be(space.pipeline, npus)) {
          if (npus % (tensor * context * pipeline) != 0) continue;
          for (const std::int64_t expert : experts) {
            const ClosedSubtree line{.npus = npus, .sizes = {tensor, context, pipeline, expert}};
            Parallelism p = of_sizes(space, line);
            p.global_batch = p.data;  // whatever the batch
            p.micro_batch = 1;
            p.zero = 0;
            if (runs(model, network, p)) all.push_back(line);
          }
        }
      }
    }
  }
  return all;
}

void for_each_in_loops(const DivisionSpace& space, const ClosedSubtree& line, const Network& network,
                       const std::function<void(const Parallelism&)>& visit) {
  Parallelism p = of_sizes(space, line);
  if (p.data < 1) return;  // sizes of more NPUs than there are, as in a damaged proof
  const std::int64_t most_chunks = space.job.model.layers + 2;
  for (const std::int64_t stages : first_numbers(space.virtual_stages, 1, most_chunks)) {
    if (p.pipeline * stages > most_chunks) continue;
    p.virtual_stages = stages;
    p.schedule = stages > 1 ? PipelineSchedule::Interleaved
                 : space.job.parallelism.schedule == PipelineSchedule::Interleaved
                     ? PipelineSchedule::OneFOneB
                     : space.job.parallelism.schedule;
    for (const std::int64_t micro_batch : may_be(space.micro_batch, p.global_batch)) {
      if (p.global_batch % (p.data * micro_batch) != 0) continue;
      p.micro_batch = micro_batch;
      bool first_zero = true;
      for (const std::int64_t zero : first_numbers(space.zero, 0, 3)) {
        p.zero = static_cast<int>(zero);
        const bool alone = p.data * p.context == 1;  // every stage is the same
        if (!runs(space.job.model, network, p) || (alone && !std::exchange(first_zero, false))) continue;
        for (const Recomputation recompute :
             {Recomputation::None, Recomputation::Selective, Recomputation::Full}) {
          const auto& given = space.recompute;
          if (!given.empty() && std::find(given.begin(), given.end(), recompute) == given.end()) continue;
          p.recompute = recompute;
          bool first_flag = true;
          for (const bool flag : {false, true}) {
            const auto& flags = space.sequence_parallel;
            if (!flags.empty() && std::find(flags.begin(), flags.end(), flag) == flags.end()) continue;
            p.sequence_parallel = flag;
            if (p.tensor == 1 && !std::exchange(first_flag, false)) continue;
            visit(p);
          }
        }
      }
    }
  }
}

}  // namespace bandwright
