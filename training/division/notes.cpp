#include "training/division/notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "training/division/dealing.h"

namespace bandwright {
namespace {

// Whether one of the sets, "gemm_bf16_sample (574 rows), mlperf_llm_step_times (7 rows)", is of whole steps
// and not of kernels (gemm_) or collectives (nccl_) alone.
bool fitted_on_steps(std::string_view source) {
  if (source.empty() || source == "not fitted") return false;
  const std::vector<std::string_view> sets = split(source, ',');
  return std::any_of(sets.begin(), sets.end(), [](std::string_view set) {
    while (set.starts_with(' ')) set.remove_prefix(1);
    return !set.starts_with("gemm_") && !set.starts_with("nccl_");
  });
}

std::string dealt(const TrainingJob& job) {
  const Parallelism& p = job.parallelism;
  const Dealing dealt = dealing(job.model, p);
  const std::string chunks =
      p.virtual_stages > 1 ? fmt::format(", at most {} per virtual stage", dealt.chunk) : "";
  return fmt::format("stages are uneven: the slowest has {} of the {} layers{}, and decides", dealt.stage,
                     job.model.layers, chunks);
}

}  // namespace

std::vector<std::string> notes(const TrainingJob& job) {
  std::vector<std::string> all;
  if (!dealing(job.model, job.parallelism).even) all.push_back(dealt(job));
  if (job.model.sparse()) {
    all.emplace_back(
        "mixture of experts: every expert is taken to get as many tokens; measured steps are off by 10 % on "
        "average");
  }
  if (job.parallelism.adapters.freeze()) {
    all.emplace_back(
        "frozen weights: five measured steps with adapters are off by 5 to 25 %; the interval is of steps "
        "that "
        "train all weights");
  }
  if (!job.model.left_out.empty()) all.push_back(job.model.left_out);
  const Npu& npu = job.machine.npu;
  if (!fitted_on_steps(npu.constants.source)) {
    all.push_back(
        fmt::format("{}: unchecked against measurements, its constants are not fitted on training "
                    "steps",
                    npu.name));
  }
  const std::size_t used = job.machine.network(job.parallelism.npus()).dimensions.size();
  for (std::size_t d = 0; d < used; ++d) {
    const std::string& fabric = job.machine.dimensions[d].constants_name;
    const std::string& source = job.machine.dimensions[d].constants.source;
    if (!source.empty() && source != "not fitted") continue;
    std::string note =
        fmt::format("{}: unchecked against measurements, its constants are not fitted", fabric);
    if (std::find(all.begin(), all.end(), note) == all.end()) all.push_back(std::move(note));
  }
  return all;
}

}  // namespace bandwright
