#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "training/training_step.h"

namespace bandwright {

// Which ways there are to divide a training step over NPUs. Each decision has the values that it may take; an
// empty list stands for any that the model, the batch and the number of NPUs allow:
//
//   TP CP PP EP        divisors of the NPU count; DP is what TP, CP and PP leave
//   virtual stages     1 to (layers + 2) / PP
//   micro-batch        divisors of the global batch
//   ZeRO               0, 1, 2, 3
//   recomputation      none, selective, full
//   sequence parallel  no, yes
//
// What is no decision (precision, attention kernel, overlap, placement, ...) stands in `job.parallelism`.
struct DivisionSpace {
  TrainingJob job;
  std::vector<std::int64_t> npus;  // at least one
  std::vector<double> weights;     // of each count, by the objective (plan/division_search.h); empty: 1
  std::vector<std::int64_t> tensor;
  std::vector<std::int64_t> context;
  std::vector<std::int64_t> pipeline;
  std::vector<std::int64_t> expert;
  std::vector<std::int64_t> virtual_stages;
  std::vector<std::int64_t> micro_batch;
  std::vector<std::int64_t> zero;
  std::vector<Recomputation> recompute;
  std::vector<bool> sequence_parallel;
};

// The decisions in the order in which they are made, each with the values it takes for so many NPUs,
// ascending and from what costs nothing to what saves most memory.
struct DivisionDomains {
  std::vector<std::int64_t> tensor, context, pipeline, expert, virtual_stages, micro_batch, zero;
  std::vector<Recomputation> recompute;
  std::vector<bool> sequence_parallel;

  // How many combinations there are, valid or not.
  [[nodiscard]] double combinations() const;
};
DivisionDomains domains_of(const DivisionSpace& space, std::int64_t npus);

// A choice of TP, CP, PP and EP: the NPUs are divided, everything else is open. Divisions of one have the
// same groups.
struct GroupSizes {
  std::int64_t tensor = 1;
  std::int64_t context = 1;
  std::int64_t pipeline = 1;
  std::int64_t expert = 1;
  friend bool operator==(const GroupSizes&, const GroupSizes&) = default;
};

// All group sizes that the model allows and that fit the network, in the order of the domains.
std::vector<GroupSizes> group_sizes(const DivisionSpace& space, const DivisionDomains& domains,
                                    const Network& network);

// The schedule that goes with so many virtual stages: interleaved for several, else the job's own.
PipelineSchedule schedule_of(const Parallelism& parallelism, std::int64_t virtual_stages);

// Every valid division with these group sizes, in the order of the domains: all that validate() accepts, and
// nothing it would refuse; refused combinations are never built.
void for_each_division(const DivisionSpace& space, const DivisionDomains& domains, const GroupSizes& sizes,
                       std::int64_t npus, const std::function<void(const Parallelism&)>& visit);

}  // namespace bandwright
