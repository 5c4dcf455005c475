#include "study/job/job_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

constexpr std::array all_options = {
    JobOption{"model", &Job::model, OptionGroup::Workloads, "MODEL", "",
              "a transformer, an image network or a layer table: a name of `list`, a YAML file or a Hugging\n"
              "Face config.json; several, as 17B,175B, are a group",
              "models"},
    JobOption{"workload", &Job::workload, OptionGroup::Files, "FILES", "",
              "in place of a model: Chakra traces (folder, prefix, file) or a layer text", "workloads"},
    JobOption{"collective", &Job::collective, OptionGroup::Collectives, "KIND", "",
              "one collective over all NPUs, in place of a model", "collectives"},
    JobOption{"size", &Job::size, OptionGroup::Collectives, "BYTES", "", "of the collective, per NPU",
              "sizes"},
    JobOption{"machine", &Job::machine, OptionGroup::Machines, "MACHINE", "dgx-a100",
              "a name of `list machines`, or a YAML file", "machines"},
    JobOption{
        "npu", &Job::npu, OptionGroup::Npus, "NPU", "",
        "in place of a machine, on the network: a name of `list npus` or how it begins (h100), or a YAML\n"
        "file; links have constants of those sold with about their bandwidth",
        ""},
    JobOption{"npus", &Job::npus, OptionGroup::Machines, "COUNT", "",
              "NPUs of the job; DP is what TP, CP and PP leave", ""},
    JobOption{
        "network", &Job::network, OptionGroup::Networks, "NETWORK", "",
        "a name, a YAML file, or Ring(8)_Switch(128); also ASTRA-sim's, LIBRA's and its artifact's files",
        "networks"},
    JobOption{"classes", &Job::classes, OptionGroup::Prices, "LIST", "",
              "price class of each dimension: Tile,Package,Node,Pod", ""},
    JobOption{"own_links", &Job::own_links, OptionGroup::Libraries, "", "false",
              "a group in a part of a fully connected dimension has the links among its NPUs, not all", ""},
    JobOption{"library", &Job::library, OptionGroup::Libraries, "LIBRARY", "ideal",
              "the communication library: ideal, astra1, or a YAML file; of traces ASTRA-sim 2's JSON",
              "libraries"},
    JobOption{"chunks", &Job::chunks, OptionGroup::Libraries, "N", "",
              "a collective is cut into (default: the library's)", ""},
    JobOption{"scheduler", &Job::scheduler, OptionGroup::Libraries, "NAME", "",
              "ascending or themis: the order of a chunk's dimensions", "schedulers"},
    JobOption{"tp", &Job::tp, OptionGroup::Divisions, "COUNT", "1",
              "tensor parallel: matrices divided over so many NPUs", ""},
    JobOption{"pp", &Job::pp, OptionGroup::Divisions, "COUNT", "1",
              "pipeline stages: layers divided; stages x virtual stages up to the layers + 2, even or not",
              ""},
    JobOption{"global_batch", &Job::global_batch, OptionGroup::Divisions, "COUNT", "",
              "sequences of one step (default: 8 micro-batches per stage), or images", ""},
    JobOption{"micro_batch", &Job::micro_batch, OptionGroup::Divisions, "COUNT", "1", "sequences of one pass",
              ""},
    JobOption{"zero", &Job::zero, OptionGroup::Divisions, "0..3", "0",
              "ZeRO stage: 1 divides the optimizer, 2 gradients, 3 weights (FSDP)", ""},
    JobOption{"sequence_parallel", &Job::sequence_parallel, OptionGroup::Divisions, "", "false",
              "divide norms and dropout over the TP group as well", ""},
    JobOption{"recompute", &Job::recompute, OptionGroup::Workloads, "NAME", "none",
              "what runs again in the backward pass: none, selective (attention core) or full; of layer\n"
              "tables none, full or communication",
              ""},
    JobOption{"cp", &Job::cp, OptionGroup::Finer, "COUNT", "1", "context parallel: the sequence divided", ""},
    JobOption{"ep", &Job::ep, OptionGroup::Finer, "COUNT", "1", "expert parallel: experts divided", ""},
    JobOption{"expert_tp", &Job::expert_tp, OptionGroup::Finer, "COUNT", "",
              "tensor parallel of each expert (default: as --tp)", ""},
    JobOption{"virtual_stages", &Job::virtual_stages, OptionGroup::Finer, "COUNT", "1",
              "chunks of layers per stage (interleaved)", ""},
    JobOption{"schedule", &Job::schedule, OptionGroup::Finer, "NAME", "", "gpipe, 1f1b or interleaved",
              "schedules"},
    JobOption{"attention", &Job::attention, OptionGroup::Finer, "NAME", "flash",
              "unfused, flash1 (2022), flash2 (2023), flash2024 or flash", ""},
    JobOption{"precision", &Job::precision, OptionGroup::Finer, "NAME", "bf16", "bf16, fp16, fp8 or nvfp4",
              "precisions"},
    JobOption{"sequence", &Job::sequence, OptionGroup::Finer, "COUNT", "",
              "tokens of a sequence, where not the model's own", "sequences"},
    JobOption{"bucket", &Job::bucket, OptionGroup::Finer, "SIZE", "200 MB", "gradients reduced together",
              "buckets"},
    JobOption{
        "overlap", &Job::overlap, OptionGroup::Finer, "LIST", "gradients,parameters,backward",
        "what runs beside compute: gradients, parameters, backward (TP), tensor, expert (beside another\n"
        "micro-batch), none",
        ""},
    JobOption{
        "dispatch", &Job::dispatch, OptionGroup::Finer, "NAME", "per-node",
        "tokens to experts: all-to-all (a copy each), per-node (one per node, passed on inside it), or\n"
        "model: per node where its router limits the nodes",
        ""},
    JobOption{"zero_npus", &Job::zero_npus, OptionGroup::Finer, "COUNT", "",
              "NPUs that ZeRO divides over, replicas beside (HSDP; default: all)", ""},
    JobOption{"optimizer", &Job::optimizer, OptionGroup::Finer, "NAME", "adam",
              "adam, adam-bf16, adam-8bit (their moments) or muon", "optimizers"},
    JobOption{"stored_gradients", &Job::stored_gradients, OptionGroup::Finer, "FORMAT", "fp32",
              "of gradients in memory: fp32 or bf16", ""},
    JobOption{"sent_gradients", &Job::sent_gradients, OptionGroup::Finer, "FORMAT", "bf16",
              "of gradients on the wire: fp32 or bf16", ""},
    JobOption{"loss", &Job::loss, OptionGroup::Finer, "NAME", "fused",
              "logits pass kernel-by-kernel (PyTorch), in-place (Megatron-LM) or fused", "losses"},
    JobOption{"whole_graphs", &Job::whole_graphs, OptionGroup::Finer, "", "false",
              "the host issues a whole step at once and waits for no counts of experts' tokens", ""},
    JobOption{"recompute_modules", &Job::recompute_modules, OptionGroup::Finer, "LIST", "none",
              "single modules that run again: norms, activation, up-projections, core (of attention),\n"
              "output (after it), ffn, experts, every-second",
              ""},
    JobOption{"offload_layers", &Job::offload_layers, OptionGroup::Finer, "COUNT", "0",
              "layers of a stage whose activations wait in the host's memory: a number, or all", ""},
    JobOption{"predict_more", &Job::predict_more, OptionGroup::Finer, "COUNT", "0",
              "tokens predicted besides the next, each by a layer more and the output layer again", ""},
    JobOption{"lora_rank", &Job::lora_rank, OptionGroup::Finer, "RANK", "0",
              "all weights are frozen, and low-rank adapters trained beside them; 0: all are trained", ""},
    JobOption{"lora_targets", &Job::lora_targets, OptionGroup::Finer, "LIST", "all",
              "matrices with an adapter: qkv, output (of attention), ffn-in, ffn-out, or all", ""},
    JobOption{"placement", &Job::placement, OptionGroup::Finer, "ORDER", "TP,CP,EP,DP,PP",
              "groups over the dimensions, the innermost first", "placements"},
    JobOption{"loop", &Job::loop, OptionGroup::Tables, "LOOP", "NoOverlap",
              "training loop of a layer table: NoOverlap or Overlap", "loops"},
    JobOption{"tables", &Job::tables, OptionGroup::Tables, "TABLES", "",
              "split or fused: where weight gradients are sent (default: as the library says, split)", ""},
    JobOption{"compute_scale", &Job::compute_scale, OptionGroup::Tables, "FACTOR", "",
              "compute times are multiplied by it (default: the library's, 1)", ""},
    JobOption{"groups", &Job::groups, OptionGroup::Files, "FILE", "",
              "process groups of traces (default: the .json file beside them)", ""},
    JobOption{"communicator", &Job::communicator, OptionGroup::Files, "FILE", "",
              "groups of LIBRA's layer text", ""},
    JobOption{"memory", &Job::memory, OptionGroup::Files, "FILE", "",
              "ASTRA-sim 2's remote memory, for traces", ""},
    JobOption{"group_route", &Job::group_route, OptionGroup::Files, "ROUTE", "",
              "how a group of some NPUs communicates: ring (as ASTRA-sim 2; default on its networks) or grid",
              ""},
    JobOption{"budget", &Job::budget, OptionGroup::Bandwidths, "BUDGET", "",
              "GB/s per NPU to divide over the dimensions, or dollars for the network as $15M", "budgets"},
    JobOption{"allocation", &Job::allocation, OptionGroup::Bandwidths, "SHARES", "optimized",
              "of the budget: optimized or equal", "allocations"},
    JobOption{"bandwidth", &Job::bandwidth, OptionGroup::Bandwidths, "LIST", "",
              "GB/s per NPU of each dimension, innermost first", "bandwidths"},
    JobOption{"prices", &Job::prices, OptionGroup::Prices, "PRICES", "artifact",
              "price list: a name or a YAML file", ""},
    JobOption{"tiers", &Job::tiers, OptionGroup::Memories, "TIERS", "",
              "tensors may live in slow memory as well: a name of `list tiers`, or a YAML file", ""},
    JobOption{"fast", &Job::fast, OptionGroup::Memories, "SIZE", "",
              "bytes of the NPU's memory for tensors (default: what buffers leave)", ""},
    JobOption{"offload", &Job::offload, OptionGroup::Memories, "POLICY", "synchronous",
              "where tensors live; see `list policies`", ""},
};

bool contains(std::span<const OptionGroup> groups, OptionGroup group) {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace

std::span<const JobOption> job_options() { return all_options; }

const JobOption& job_option(std::string Job::*word) {
  return *std::find_if(all_options.begin(), all_options.end(),
                       [&](const JobOption& each) { return each.word == word; });
}

const JobOption* find_job_option(std::string_view key) {
  const auto found = std::find_if(all_options.begin(), all_options.end(), [&](const JobOption& each) {
    return each.name == key || (!each.plural.empty() && each.plural == key);
  });
  return found == all_options.end() ? nullptr : &*found;
}

std::string typed_name(const JobOption& option) {
  std::string name = "--" + std::string(option.name);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::vector<const JobOption*> given_options(const Job& job) {
  std::vector<const JobOption*> given;
  for (const JobOption& option : all_options) {
    if (!(job.*option.word).empty()) given.push_back(&option);
  }
  return given;
}

std::string_view word_of(const Job& job, std::string Job::*word) {
  return (job.*word).empty() ? job_option(word).usual : std::string_view(job.*word);
}

std::int64_t read_count(const Job& job, std::string Job::*word, std::int64_t most) {
  return read_word(job, word, [&](std::string_view text) { return parse_integer(text, 1, most); });
}

bool read_flag(const Job& job, std::string Job::*word) {
  return read_word(job, word, [](std::string_view text) {
    if (equal_ignoring_case(text, "true")) return true;
    if (equal_ignoring_case(text, "false")) return false;
    throw InputError(fmt::format("'{}', expected true or false", text));
  });
}

void refuse_given(const Job& job, std::span<const OptionGroup> groups,
                  std::span<std::string Job::*const> allowed, std::string_view why) {
  for (const JobOption* option : given_options(job)) {
    const bool is_allowed = std::find(allowed.begin(), allowed.end(), option->word) != allowed.end();
    if (!contains(groups, option->group) || is_allowed) continue;
    throw InputError(fmt::format("{} {}", typed_name(*option), why));
  }
}

}  // namespace bandwright
