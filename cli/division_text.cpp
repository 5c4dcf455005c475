#include "cli/division_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace bandwright {

std::string divided(const Parallelism& p) {
  return fmt::format("TP {} CP {} EP {} PP {} DP {}, ZeRO {}, {} micro-batches of {}", p.tensor, p.context,
                     p.expert, p.pipeline, p.data, p.zero, p.micro_batches(), p.micro_batch);
}

nlohmann::ordered_json division_json(const Parallelism& p) {
  return {{"tensor", p.tensor},
          {"context", p.context},
          {"expert", p.expert},
          {"pipeline", p.pipeline},
          {"data", p.data},
          {"zero", p.zero},
          {"virtual_stages", p.virtual_stages},
          {"micro_batch", p.micro_batch},
          {"micro_batches", p.micro_batches()},
          {"recompute", recomputation_name(p.recompute)}};
}

std::string offload_text(const Offload& done) {
  const ComputeSlowdown& slowdown = done.slowdown;
  return fmt::format(
      "tensors: {} of {}, at most {} in {} ({}{}); compute takes {:.2f} x forward, {:.2f} x backward, {:.2f} "
      "x\n"
      "in the optimizer of its time in fast memory; linear tier model, median error {:.1f} %\n",
      format_bytes(done.fast), done.tiers.fast.name, format_bytes(done.placement.replay->peak_slow),
      done.tiers.slow.name, done.placement.policy,
      done.placement.gap() > 2 * offload_gap ? fmt::format(", gap {:.1f} %", 100.0 * done.placement.gap())
                                             : "",
      slowdown.forward, slowdown.backward, slowdown.update, 100.0 * linear_model_median_error);
}

nlohmann::ordered_json offload_json(const Offload& done) {
  return {{"tiers", done.tiers.name},
          {"policy", done.placement.policy},
          {"fast_limit_bytes", done.fast.value()},
          {"peak_slow_bytes", done.placement.replay->peak_slow.value()},
          {"bytes_to_slow", done.placement.to_slow.value()},
          {"bytes_to_fast", done.placement.to_fast.value()},
          {"gap", done.placement.gap()},
          {"linear_model_median_error", linear_model_median_error},
          {"slowdown",
           {{"forward", done.slowdown.forward},
            {"backward", done.slowdown.backward},
            {"optimizer", done.slowdown.update}}}};
}

}  // namespace bandwright
