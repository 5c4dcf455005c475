#include "training/division.h"

#include <optional>
#include <vector>

#include "core/error.h"

namespace bandwright {
namespace {

// How far memory is saved, from what costs no time to what costs most.
struct Thrift {
  int zero;
  Recomputation recompute;
};

std::vector<Thrift> thrifts(const Parallelism& given, const OpenChoices& open) {
  std::vector<Thrift> result;
  for (const Recomputation recompute : {Recomputation::None, Recomputation::Full}) {
    if (!open.recompute && recompute == Recomputation::Full) break;
    for (const int zero : {1, 3}) {
      if (!open.zero && zero == 3) break;
      result.push_back({open.zero ? zero : given.zero, open.recompute ? recompute : given.recompute});
    }
  }
  return result;
}

std::vector<std::int64_t> tensor_sizes(const TrainingJob& job, const OpenChoices& open) {
  if (!open.tensor) return {job.parallelism.tensor};
  const std::int64_t inside = job.machine.dimensions.front().npus;
  std::vector<std::int64_t> sizes = {1};
  while (sizes.back() * 2 <= inside && job.model.heads % (sizes.back() * 2) == 0) {
    sizes.push_back(sizes.back() * 2);
  }
  return sizes;
}

std::vector<std::int64_t> pipeline_sizes(const TrainingJob& job, std::int64_t npus, const OpenChoices& open) {
  if (!open.pipeline) return {job.parallelism.pipeline};
  std::vector<std::int64_t> sizes;
  const std::int64_t most = (job.model.layers + 2) / job.parallelism.virtual_stages;
  for (std::int64_t stages = 1; stages <= most; ++stages) {
    if (npus % stages == 0) sizes.push_back(stages);
  }
  return sizes;
}

std::vector<std::int64_t> expert_sizes(const TrainingJob& job, const OpenChoices& open) {
  if (!open.expert || !job.model.sparse()) return {job.parallelism.expert};
  std::vector<std::int64_t> sizes;
  for (std::int64_t npus = 1; npus <= job.model.experts.count; ++npus) {
    const bool on_context = npus == 1 || npus % job.parallelism.context == 0;
    if (job.model.experts.count % npus == 0 && on_context) sizes.push_back(npus);
  }
  return sizes;
}

class Search {
 public:
  Search(const TrainingJob& job, std::int64_t npus, const OpenChoices& open)
      : job_(job), npus_(npus), open_(open) {}

  Division run() {
    for (const Thrift& thrift : thrifts(job_.parallelism, open_)) {
      try_all(thrift);
      if (best_) return *std::move(best_);
    }
    if (!smallest_) throw InputError(obstacle_);
    job_.parallelism = *smallest_;
    return {*smallest_, estimate(job_)};
  }

 private:
  void try_all(const Thrift& thrift) {
    const std::vector<std::int64_t> stages = pipeline_sizes(job_, npus_, open_);
    const std::vector<std::int64_t> experts = expert_sizes(job_, open_);
    for (const std::int64_t tensor : tensor_sizes(job_, open_)) {
      for (const std::int64_t pipeline : stages) {
        for (const std::int64_t micro_batch : {1, 2, 4}) {
          if (!open_.micro_batch && micro_batch > 1) break;
          Parallelism p = given_;
          p.tensor = tensor;
          p.pipeline = pipeline;
          if (open_.micro_batch) p.micro_batch = micro_batch;
          if (open_.tensor) p.sequence_parallel = p.sequence_parallel || tensor > 1;
          p.zero = thrift.zero;
          p.recompute = thrift.recompute;
          for (const std::int64_t expert : experts) {
            const bool fits = npus_ % (tensor * pipeline * expert) == 0;  // into CP x DP
            if (!fits && expert > 1 && open_.expert) continue;
            p.expert = expert;
            try_one(p);
          }
        }
      }
    }
  }

  void try_one(Parallelism p) {
    try {
      fill_data_parallel(p, npus_);
      if (open_.zero && p.data * p.context == 1) p.zero = 0;
      validate(job_.model, p);
      const double bytes = memory_bill(job_.model, p).total();
      job_.parallelism = p;
      if (bytes <= job_.machine.npu.memory_bytes) {
        TrainingEstimate found = estimate(job_);
        if (!best_ || found.step_ns < best_->estimate.step_ns) best_ = Division{p, std::move(found)};
      } else if (!smallest_ || bytes < smallest_bytes_) {
        static_cast<void>(job_.machine.network(npus_));  // what cannot be wired is no choice
        smallest_ = p;
        smallest_bytes_ = bytes;
      }
    } catch (const InputError& error) {
      if (obstacle_.empty()) obstacle_ = error.what();
    }
  }

  TrainingJob job_;
  const Parallelism given_ = job_.parallelism;
  std::int64_t npus_;
  OpenChoices open_;
  std::optional<Division> best_;
  std::optional<Parallelism> smallest_;
  double smallest_bytes_ = 0.0;
  std::string obstacle_;
};

}  // namespace

Division fastest_division(const TrainingJob& job, std::int64_t npus, const OpenChoices& open) {
  return Search(job, npus, open).run();
}

}  // namespace bandwright
