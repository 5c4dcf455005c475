#include "training/parallelism.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/catalogue.h"
#include "core/text.h"

namespace bandwright {
namespace {

template <class Value>
struct Choice {
  Value value;
  std::string_view name;
  std::string_view help;
};

constexpr std::array recomputations = {
    Choice<Recomputation>{Recomputation::None, "none", "activations are kept"},
    Choice<Recomputation>{Recomputation::Selective, "selective", "the attention core runs again"},
    Choice<Recomputation>{Recomputation::Full, "full", "each layer's forward pass runs again"},
};
using Module = bool RecomputedModules::*;
constexpr std::array modules_again = {
    Choice<Module>{nullptr, "none", "no single module"},
    Choice<Module>{&RecomputedModules::norms, "norms", "before attention and FFN"},
    Choice<Module>{&RecomputedModules::activation, "activation", "the function of FFNs"},
    Choice<Module>{&RecomputedModules::up_projections, "up-projections", "of latent attention"},
    Choice<Module>{&RecomputedModules::core, "core", "of attention, on chip"},
    Choice<Module>{&RecomputedModules::output, "output", "the projection after attention"},
    Choice<Module>{&RecomputedModules::ffn, "ffn", "of layers without experts"},
    Choice<Module>{&RecomputedModules::experts, "experts", "with their exchanges"},
    Choice<Module>{&RecomputedModules::every_second, "every-second",
                   "multiplication, and all that is none (PyTorch)"},
};
constexpr std::array schedules = {
    Choice<PipelineSchedule>{PipelineSchedule::GPipe, "gpipe", "all forward, then all backward passes"},
    Choice<PipelineSchedule>{PipelineSchedule::OneFOneB, "1f1b", "forward and backward passes alternate"},
    Choice<PipelineSchedule>{PipelineSchedule::Interleaved, "interleaved", "1f1b over virtual stages"},
};
constexpr std::array attention_kernels = {
    Choice<AttentionKernel>{AttentionKernel::Unfused, "unfused", "scores pass through memory"},
    Choice<AttentionKernel>{AttentionKernel::Flash1, "flash1", "scores stay on chip, the kernels of 2022"},
    Choice<AttentionKernel>{AttentionKernel::Flash2, "flash2", "the kernels of 2023"},
    Choice<AttentionKernel>{AttentionKernel::Flash2024, "flash2024", "the kernels of 2024, of the NPU's own"},
    Choice<AttentionKernel>{AttentionKernel::Flash, "flash", "scores stay on chip, kernels of the NPU's own"},
};

constexpr std::array dispatches = {
    Choice<ExpertDispatch>{ExpertDispatch::ByModel, "model", "per node where its router limits the nodes"},
    Choice<ExpertDispatch>{ExpertDispatch::AllToAll, "all-to-all", "a copy of a token for each expert"},
    Choice<ExpertDispatch>{ExpertDispatch::PerNode, "per-node", "one per node, passed on inside it"},
};

constexpr std::array optimizers = {
    Choice<Optimizer>{Optimizer::Adam, "adam", "two moments in fp32"},
    Choice<Optimizer>{Optimizer::AdamBf16, "adam-bf16", "two moments in bf16"},
    Choice<Optimizer>{Optimizer::Adam8Bit, "adam-8bit", "two moments in 8 bits"},
    Choice<Optimizer>{Optimizer::Muon, "muon", "one moment in fp32"},
};
constexpr std::array optimizer_bytes_each = {12.0, 8.0, 6.0, 8.0};
constexpr std::array losses = {
    Choice<Loss>{Loss::KernelByKernel, "kernel-by-kernel", "each kernel has a tensor of its own (PyTorch)"},
    Choice<Loss>{Loss::InPlace, "in-place", "kernels of its own, in place (Megatron-LM)"},
    Choice<Loss>{Loss::Fused, "fused", "one kernel"},
};
constexpr std::array gradient_formats = {
    Choice<std::int64_t>{4, "fp32", "4 bytes each"},
    Choice<std::int64_t>{2, "bf16", "2 bytes each"},
};

template <class Value, std::size_t size>
Value chosen(const std::array<Choice<Value>, size>& choices, std::string_view name, std::string_view what) {
  return find_in_catalogue(std::span<const Choice<Value>>(choices), name, what).value;
}

// Up to three values of [1, limit] nearest to `wanted` that satisfy `valid`.
template <class Predicate>
std::string nearest_valid(std::int64_t wanted, std::int64_t limit, Predicate valid) {
  constexpr std::int64_t most_tried = 2'000'000;
  std::vector<std::int64_t> found;
  const std::int64_t first = std::max<std::int64_t>(0, wanted - limit);
  const std::int64_t last = std::min(std::max(limit, wanted), first + most_tried);
  for (std::int64_t away = first; found.size() < 3 && away <= last; ++away) {
    if (wanted - away >= 1 && wanted - away <= limit && valid(wanted - away)) found.push_back(wanted - away);
    if (away > 0 && wanted + away <= limit && valid(wanted + away)) found.push_back(wanted + away);
  }
  std::sort(found.begin(), found.end());
  return fmt::format("{}", fmt::join(found, ", "));
}

void check_divides(std::string_view what, std::int64_t divisor, std::string_view of, std::int64_t whole) {
  if (divisor >= 1 && whole % divisor == 0) return;
  throw InputError(fmt::format("{} {} does not divide {} {} (nearest that do: {})", what, divisor, of, whole,
                               nearest_valid(divisor, whole, [&](auto n) { return whole % n == 0; })));
}

void check_pipeline_shape(const TransformerArchitecture& model, const Parallelism& p) {
  const std::int64_t most = model.layers + 2;
  if (p.pipeline > most) {
    throw InputError(
        fmt::format("pipeline {} above the {} layers, embedding and output layer of {} (at most {})",
                    p.pipeline, model.layers, model.name, most));
  }
  if (p.virtual_stages > 1 && p.pipeline == 1) {
    throw InputError(
        fmt::format("{} virtual stages without a pipeline (use 1, or --pp 2 and more)", p.virtual_stages));
  }
  if (p.schedule != PipelineSchedule::Interleaved && p.virtual_stages > 1) {
    throw InputError(fmt::format("{} virtual stages need the interleaved schedule, not {}", p.virtual_stages,
                                 schedules[static_cast<std::size_t>(p.schedule)].name));
  }
  if (p.pipeline * p.virtual_stages <= most) return;
  const std::int64_t stages = most / p.virtual_stages;
  throw InputError(
      fmt::format("{} pipeline stages x {} virtual stages for the {} layers, embedding and output layer of "
                  "{} (at most {} "
                  "in all: {}--virtual-stages {})",
                  p.pipeline, p.virtual_stages, model.layers, model.name, most,
                  stages > 1 ? fmt::format("--pp {}, or ", stages) : "", most / p.pipeline));
}

void check_batch(const Parallelism& p) {
  if (p.micro_batch < 1 || p.global_batch < 1)
    throw InputError("a batch of 0 sequences, expected at least 1");
  const std::int64_t unit = p.data * p.micro_batch;
  if (p.global_batch % unit != 0) {
    const std::int64_t below = p.global_batch / unit * unit;
    throw InputError(fmt::format(
        "global batch {} does not divide into micro-batches of {} on {} data-parallel "
        "ranks (nearest that do: {}{})",
        p.global_batch, p.micro_batch, p.data, below > 0 ? fmt::format("{}, ", below) : "", below + unit));
  }
  if (p.virtual_stages > 1 && p.micro_batches() % p.pipeline != 0) {
    const std::int64_t round = unit * p.pipeline;
    const std::int64_t below = p.global_batch / round * round;
    throw InputError(fmt::format(
        "the interleaved schedule deals micro-batches out in rounds of {} stages, global batch {} "
        "makes {} (nearest global batches that do: {}{})",
        p.pipeline, p.global_batch, p.micro_batches(), below > 0 ? fmt::format("{}, ", below) : "",
        below + round));
  }
}

}  // namespace

std::string_view recomputation_name(Recomputation value) {
  return recomputations[static_cast<std::size_t>(value)].name;
}
Recomputation recomputation(std::string_view name) { return chosen(recomputations, name, "recomputation"); }
RecomputedModules recomputed_modules(std::string_view list) {
  RecomputedModules modules;
  for (const std::string_view word : split(list, ',')) {
    const Module module = chosen(modules_again, word, "module");
    if (module != nullptr) modules.*module = true;
  }
  return modules;
}
PipelineSchedule pipeline_schedule(std::string_view name) {
  return chosen(schedules, name, "pipeline schedule");
}
AttentionKernel attention_kernel(std::string_view name) {
  return chosen(attention_kernels, name, "attention kernel");
}
ExpertDispatch expert_dispatch(std::string_view name) { return chosen(dispatches, name, "expert dispatch"); }
Loss loss(std::string_view name) { return chosen(losses, name, "loss"); }
std::int64_t gradient_bytes(std::string_view format) {
  return chosen(gradient_formats, format, "gradient format");
}

Optimizer optimizer(std::string_view name) { return chosen(optimizers, name, "optimizer"); }
double optimizer_state_bytes(Optimizer optimizer) {
  return optimizer_bytes_each[static_cast<std::size_t>(optimizer)];
}

namespace {
// Beyond these their product is none.
void check_npus(const Parallelism& p, std::int64_t data) {
  const auto product = static_cast<double>(p.tensor) * static_cast<double>(p.context) *
                       static_cast<double>(p.pipeline) * static_cast<double>(data);
  if (product <= static_cast<double>(max_npus)) return;
  throw InputError(fmt::format("TP {} x CP {} x PP {} x {} replicas: more than {} NPUs", p.tensor, p.context,
                               p.pipeline, data, max_npus));
}
}  // namespace

void fill_data_parallel(Parallelism& p, std::int64_t npus) {
  check_npus(p, 1);
  const std::int64_t replica = p.tensor * p.context * p.pipeline;
  if (npus % replica != 0) {
    const std::int64_t below = npus / replica * replica;
    throw InputError(fmt::format(
        "TP {} x CP {} x PP {} = {} does not divide {} NPUs (nearest NPU counts: {}{})", p.tensor, p.context,
        p.pipeline, replica, npus, below > 0 ? fmt::format("{}, ", below) : "", below + replica));
  }
  p.data = npus / replica;
}

bool tensor_divides(const TransformerArchitecture& model, std::int64_t tensor) {
  const std::int64_t groups = model.state_space.layers > 0 ? model.state_space.groups : tensor;
  return model.heads % tensor == 0 && model.ffn % tensor == 0 && groups % tensor == 0;
}

void validate_shape(const TransformerArchitecture& model, const Parallelism& p) {
  check_divides("tensor", p.tensor, "the attention heads,", model.heads);
  check_divides("tensor", p.tensor, "the FFN size", model.ffn);
  if (model.state_space.layers > 0) {
    check_divides("tensor", p.tensor, "the groups of heads of state spaces,", model.state_space.groups);
  }
  check_divides("context", p.context, "the sequence length", model.sequence);
  if (p.expert > 1 && !model.sparse()) {
    throw InputError(
        fmt::format("expert {} for {}, which has no experts (use --ep 1)", p.expert, model.name));
  }
  if (model.sparse()) check_divides("expert", p.expert, "the number of experts", model.experts.count);
  if (p.expert_tensor > 0) check_divides("expert TP", p.expert_tensor, "TP", p.tensor);
  const bool own_tensor = p.experts_tensor() != p.tensor;
  if (!own_tensor && p.expert > 1 && p.expert % p.context != 0) {
    throw InputError(fmt::format("expert {} is no multiple of context {}, whose NPUs it uses (use 1 or {})",
                                 p.expert, p.context, (p.expert / p.context + 1) * p.context));
  }
  check_pipeline_shape(model, p);
  if (p.zero >= 2 && p.pipeline > 1) {
    throw InputError(fmt::format(
        "ZeRO {} with a pipeline would reduce gradients once per micro-batch; reduced once per step "
        "they are kept whole, which is ZeRO 1 (use --zero 1, or --pp 1)",
        p.zero));
  }
}

void validate(const TransformerArchitecture& model, const Parallelism& p) {
  check_npus(p, p.data);
  validate_shape(model, p);
  if (p.experts_tensor() != p.tensor) {
    check_divides("expert TP x expert", p.experts_tensor() * p.expert, "TP x context x data parallel ranks,",
                  p.tensor * p.context * p.data);
  } else {
    check_divides("expert", p.expert, "context x data parallel ranks,", p.context * p.data);
  }
  if (p.zero_npus > 0) {
    check_divides("ZeRO domain", p.zero_npus, "context x data parallel ranks,", p.context * p.data);
  }
  check_batch(p);
}

}  // namespace bandwright
