#pragma once
#include <string>

namespace bandwright {

// What every question is about: a workload on a machine or a network, divided in a certain way, in the words
// of the command line. A member is an option of the same name: --virtual-stages, `virtual_stages:` in a
// sweep. An empty word is an option that was not given; study/job/job_options.h has the table of all, with
// what stands in an empty word's place, and reads them.
//
//   Job{.model = "llama3-70b", .machine = "dgx-h100", .npus = "512", .tp = "8", .pp = "4"}
//   Job{.model = "175B", .loop = "Overlap", .network = "4D", .budget = "325"}
//   Job{.workload = "traces/gpt", .network = "net.yml", .library = "sys.json"}
struct Job {
  // The workload: a model (several, separated by commas, are a group), other tools' files, or a collective.
  std::string model;
  std::string workload;
  std::string collective, size;

  // Where it runs: a machine and how many of its NPUs, an NPU on a network as it is built, or a network and a
  // communication library.
  std::string machine, npu, npus;
  std::string network, classes, own_links;
  std::string library, chunks, scheduler;

  // How a transformer is divided and trained.
  std::string tp, pp, cp, ep, virtual_stages, schedule, sequence_parallel, zero;
  std::string micro_batch, global_batch, sequence;
  std::string recompute;  // of layer tables as well, in their own words
  std::string attention, precision, bucket, overlap, dispatch, placement;
  std::string expert_tp, zero_npus, optimizer, stored_gradients, sent_gradients, loss, whole_graphs;
  std::string recompute_modules, predict_more, offload_layers, lora_rank, lora_targets;

  // How a layer table is trained.
  std::string loop, tables, compute_scale;

  // What other tools' files leave to others.
  std::string groups, communicator, memory, group_route;

  // Bandwidths: a budget and its division, or one for each dimension; neither where a machine has its own.
  std::string budget, allocation, bandwidth;
  std::string prices;

  // A second, slower memory.
  std::string tiers, fast, offload;

  friend bool operator==(const Job&, const Job&) = default;
};

}  // namespace bandwright
