#include "validation/software.h"

#include <array>

#include "core/catalogue.h"

namespace bandwright {
namespace {

Parallelism megatron_2021() {
  return {.attention = AttentionKernel::Unfused,
          .precision = Precision::Fp16,
          .overlap_gradients = false,
          .overlap_parameters = false,
          .synchronous_sends = true,
          .overlap_backward = false,
          .loss = Loss::InPlace};
}

Parallelism megatron_2022() {
  Parallelism p = megatron_2021();
  p.overlap_backward = true;
  return p;
}

Parallelism megatron_core() {
  return {.sequence_parallel = true,
          .zero = 1,
          .overlap_tensor = true,
          .loss = Loss::InPlace,
          .gradient_bytes = 2};
}

Parallelism fsdp() {
  return {.zero = 3, .attention = AttentionKernel::Flash1, .loss = Loss::KernelByKernel, .gradient_bytes = 4};
}

Parallelism zero_3() {
  Parallelism p = megatron_2021();
  p.zero = 3;
  p.overlap_gradients = p.overlap_parameters = true;
  p.hierarchical = false;
  return p;
}

Parallelism fsdp2() {
  return {.sequence_parallel = true,
          .zero = 3,
          .attention = AttentionKernel::Flash2,
          .loss = Loss::KernelByKernel,
          .gradient_bytes = 2};
}

Parallelism maxtext() {
  return {.sequence_parallel = true, .zero = 3, .overlap_tensor = true, .compiled = true};
}

// Parameters are broadcast by their owners, gradients reduced before that: nothing beside compute, unless the
// owners are in one machine.
Parallelism internevo() {
  return {.sequence_parallel = true,
          .zero = 1,
          .overlap_gradients = false,
          .overlap_parameters = false,
          .gradient_bytes = 2};
}

Parallelism dualpipe() {
  Parallelism p = megatron_core();
  p.overlap_expert = true;
  // Norms, the up-projections of latent attention and the function of FFNs run again, moments are in bf16
  // (sections 3.2.3 and 3.3.2).
  p.again = {.norms = true, .activation = true, .up_projections = true};
  p.optimizer = Optimizer::AdamBf16;
  p.whole_graphs = true;  // dispatch that permutes as it copies, fused casts (DeepSeek-V3, 2024, section 3)
  return p;
}

constexpr std::array catalogue = {
    TrainingSoftware{"megatron-2021", "fp16, scores in memory, nothing overlapped", megatron_2021},
    TrainingSoftware{"megatron-2022", "and TP communication beside the gradient of the weights",
                     megatron_2022},
    TrainingSoftware{"megatron-core", "everything overlapped, sequence parallel, distributed optimizer",
                     megatron_core},
    TrainingSoftware{"fsdp", "PyTorch FSDP with the first FlashAttention, gradients in fp32", fsdp},
    TrainingSoftware{"zero-3-2021",
                     "DeepSpeed's ZeRO 3: each NPU gathers all weights through its own adapter", zero_3},
    TrainingSoftware{"fsdp2", "PyTorch FSDP of 2024 with compiled layers, gradients in bf16", fsdp2},
    TrainingSoftware{"maxtext", "JAX: weights divided over all NPUs, XLA's own overlap and fusion", maxtext},
    TrainingSoftware{"internevo", "InternEvo: distributed optimizer, gradients in bf16", internevo},
    TrainingSoftware{"dualpipe", "DeepSeek's: tokens go to experts beside another micro-batch", dualpipe},
};

}  // namespace

std::span<const TrainingSoftware> training_software() { return catalogue; }

Parallelism software(std::string_view name) {
  return find_in_catalogue(training_software(), name, "software").settings();
}

}  // namespace bandwright
