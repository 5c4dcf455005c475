#include "study/trace_context.h"

#include "collective/algorithm.h"
#include "collective/wire.h"
#include "training/memory_bill.h"

namespace bandwright {

TraceContext trace_context(const TrainingJob& job) {
  const Parallelism& p = job.parallelism;
  const MemoryBill bill = memory_bill(job.model, p, StageEnd::First);
  return {.pipeline = {.stages = p.pipeline, .chunks = p.virtual_stages, .micro_batches = p.micro_batches()},
          .activation_bytes = bill.activations,
          .other_bytes = bill.total() - bill.activations};
}

std::function<std::string_view(const LogicalDimension&, CollectiveKind)> algorithms_of(const JobStep& step) {
  return [&step](const LogicalDimension& where, CollectiveKind phase) {
    const Wire wire(step.library, step.network, where.part, 1.0);
    const CollectiveAlgorithm* named =
        named_algorithm(step.library, where.part.dimension, wire.kind(), phase);
    return algorithm_for(named, wire.kind(), phase, wire.npus()).name;
  };
}

}  // namespace bandwright
