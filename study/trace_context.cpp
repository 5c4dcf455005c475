#include "study/trace_context.h"

#include "training/memory_bill.h"

namespace bandwright {

TraceContext trace_context(const TrainingJob& job) {
  const Parallelism& p = job.parallelism;
  const MemoryBill bill = memory_bill(job.model, p, StageEnd::First);
  return {.pipeline = {.stages = p.pipeline, .chunks = p.virtual_stages, .micro_batches = p.micro_batches()},
          .activation_bytes = bill.activations,
          .other_bytes = bill.total() - bill.activations};
}

}  // namespace bandwright
