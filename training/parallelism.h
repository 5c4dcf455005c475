#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "training/layers/adapters.h"
#include "training/npu.h"
#include "workload/architecture.h"

namespace bandwright {

// GPipe: all forward passes, then all backward passes. 1F1B: they alternate, so that at most `pipeline`
// micro-batches are in flight. Interleaved: 1F1B over `virtual_stages` chunks of layers per stage, which
// divides the bubble by their number (Narayanan et al., SC 2021, section 2.2).
enum class PipelineSchedule : std::uint8_t { GPipe, OneFOneB, Interleaved };

// What is computed again in the backward pass: nothing; the attention core (scores, softmax, dropout); the
// whole layer (Korthikanti et al., 2022).
enum class Recomputation : std::uint8_t { None, Selective, Full };

// Single modules of which the forward pass runs again (Megatron-Core, --recompute-modules; PyTorch's
// selective checkpointing of operators, as TorchTitan has it).
struct RecomputedModules {
  bool norms = false;
  bool activation = false;      // the function of FFNs
  bool up_projections = false;  // of latent attention
  bool core = false;            // of attention, on chip
  bool output = false;          // the projection after it
  bool ffn = false;             // of layers without experts
  bool experts = false;         // with their exchanges
  bool every_second = false;    // multiplication, and all that is none
};

// Whether attention scores pass through memory, or stay on chip: in the first kernels that did so (Dao et
// al., FlashAttention, 2022), in its second version (2023), or in those written for the matrix units of each
// NPU (cuDNN, FlashAttention-3, 2024).
enum class AttentionKernel : std::uint8_t { Unfused, Flash1, Flash2, Flash2024, Flash };

// How tokens come to their experts: a copy for each, one per node that is passed on inside it
// (training/layers/expert_routing.h), or per node where the model's router limits their number.
enum class ExpertDispatch : std::uint8_t { ByModel, AllToAll, PerNode };

// What is kept of a parameter beside its 2-byte weight and its gradient: an fp32 weight and
//   Adam        two moments in fp32            AdamBf16  two in bf16           Adam8Bit  two in 8 bits
//   Muon        one moment in fp32, for the matrices (Jordan et al., 2024)
enum class Optimizer : std::uint8_t { Adam, AdamBf16, Adam8Bit, Muon };

// How the loss is computed from the logits: kernel by kernel, each with a tensor of its own (PyTorch), in
// place by its own kernels (Megatron-LM, vocab_parallel_cross_entropy), or in one.
enum class Loss : std::uint8_t { KernelByKernel, InPlace, Fused };

constexpr std::int64_t all_layers = std::int64_t{1} << 20;  // more than any model has

// How a training step is divided over NPUs, and what its software does.
struct Parallelism {
  std::int64_t tensor = 1;         // TP: matrices divided inside a layer
  std::int64_t context = 1;        // CP: the sequence divided
  std::int64_t expert = 1;         // EP: experts divided, over NPUs of the data-parallel groups
  std::int64_t expert_tensor = 0;  // ETP: each expert's matrices divided; 0: as TP
  std::int64_t pipeline = 1;       // PP: layers divided
  std::int64_t data = 1;           // DP: what is left of the NPUs
  std::int64_t virtual_stages = 1;
  PipelineSchedule schedule = PipelineSchedule::OneFOneB;
  bool sequence_parallel = false;  // norms and dropout divided over the TP group as well
  int zero = 0;                    // ZeRO stage: 1 optimizer, 2 and gradients, 3 and weights divided over DP,
  std::int64_t zero_npus = 0;      // or over so many of its NPUs, with replicas beside them; 0: over all

  std::int64_t micro_batch = 1;   // sequences of one pass through the layers
  std::int64_t global_batch = 1;  // sequences of one step
  Recomputation recompute = Recomputation::None;
  RecomputedModules again;  // besides, where not all runs again
  // Layers of a stage whose activations wait in the host's memory for the backward pass, which are copied
  // there and back beside compute; as many as there are, at most.
  std::int64_t offloaded_layers = 0;
  AttentionKernel attention = AttentionKernel::Flash;
  Precision precision = Precision::Bf16;

  bool overlap_gradients = true;   // reduce a bucket of gradients beside the rest of the backward pass
  bool overlap_parameters = true;  // gather divided weights beside the compute before
  // The host waits for each transfer between stages, as Megatron-LM's did (p2p_communication.py, 2021).
  bool synchronous_sends = false;
  bool overlap_backward = true;  // TP communication of the backward pass beside the gradient of the weights
  bool overlap_tensor = false;   // TP communication beside the matrix multiplication next to it
  // Tokens go to experts and back beside another micro-batch's passes (DeepSeek-V3's DualPipe; Megatron-Core,
  // --overlap-moe-expert-parallel-comm).
  bool overlap_expert = false;
  ExpertDispatch dispatch = ExpertDispatch::PerNode;
  // The host issues a whole step at once (CUDA graphs); otherwise it waits, in every layer with experts, for
  // the number of tokens that each is to get.
  bool whole_graphs = false;
  bool balanced_context = true;  // each context rank has as many scores to compute under the causal mask
  bool overlap_context = true;   // keys and values come beside the attention core
  // Collectives over DP use every adapter of a machine once; otherwise each NPU receives all through its own.
  bool hierarchical = true;
  bool compiled = false;  // the whole step, its memory planned ahead (XLA)
  Loss loss = Loss::Fused;
  double bucket_bytes = 200e6;             // of gradients reduced together
  std::int64_t gradient_bytes = 2;         // per parameter, on the wire,
  std::int64_t stored_gradient_bytes = 4;  // and in memory
  Optimizer optimizer = Optimizer::Adam;
  Adapters adapters;  // trained in place of all weights
  // Groups over the network's dimensions, innermost first: a permutation of TP CP EP DP PP.
  std::vector<std::string> placement = {"TP", "CP", "EP", "DP", "PP"};

  [[nodiscard]] std::int64_t experts_tensor() const { return expert_tensor > 0 ? expert_tensor : tensor; }
  [[nodiscard]] std::int64_t npus() const { return tensor * context * pipeline * data; }
  [[nodiscard]] std::int64_t micro_batches() const { return global_batch / (data * micro_batch); }
};

std::string_view recomputation_name(Recomputation value);
Recomputation recomputation(std::string_view name);
// "norms,activation": any of norms, activation, up-projections, core, output, ffn, experts, every-second, or
// none.
RecomputedModules recomputed_modules(std::string_view list);
PipelineSchedule pipeline_schedule(std::string_view name);
AttentionKernel attention_kernel(std::string_view name);
ExpertDispatch expert_dispatch(std::string_view name);
Optimizer optimizer(std::string_view name);
Loss loss(std::string_view name);
std::int64_t gradient_bytes(std::string_view format);  // "bf16", "fp32"
double optimizer_state_bytes(Optimizer optimizer);     // per parameter, the fp32 weight among them

// Derives DP from the NPU count. Throws InputError, with the nearest counts, when TP CP PP do not divide it.
void fill_data_parallel(Parallelism& parallelism, std::int64_t npus);

// Whether TP can divide a model's heads and matrices.
bool tensor_divides(const TransformerArchitecture& model, std::int64_t tensor);

// Throws InputError, one line with the nearest valid choices, for a combination that cannot be run: for
// itself, whatever the number of NPUs and the batch, or with these.
void validate_shape(const TransformerArchitecture& model, const Parallelism& parallelism);
void validate(const TransformerArchitecture& model, const Parallelism& parallelism);

}  // namespace bandwright
