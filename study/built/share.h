#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "network/routes.h"
#include "simulator/result.h"
#include "study/job/job.h"

namespace bandwright {

// One of several jobs on one network as it is built: what it runs, on which of the NPUs, and from when on.
struct SharingJob {
  std::string name;
  std::string at;     // its NPUs in the order of its own: "npu[0:64]", "npu[::2]"
  std::string start;  // "20 ms"; empty: at once
  Job job;  // a model and its division, a collective, or traces; without a network and a number of NPUs
};
// "name: a; at: npu[0:64]; start: 20 ms; model: llama3-8b; machine: dgx-h100; tp: 8". Throws InputError.
SharingJob parse_sharing_job(std::string_view text);

struct ShareQuestion {
  std::string network;    // words or a file
  std::string bandwidth;  // of an NPU, where the network does not say
  std::vector<SharingJob> jobs;
  RoutingOptions routing;
};

struct SharedStep {
  std::string name;
  std::string model;
  std::int64_t npus = 0;
  Time start;
  Time alone;         // what its step takes on the same NPUs when nobody else is there
  StepResult shared;  // and with the others
  [[nodiscard]] Time lost() const { return shared.step_time - alone; }
};
struct ShareAnswer {
  std::string network;
  RoutingOptions routing;
  std::vector<SharedStep> jobs;
};

// Plays a step of each over the network together, and each by itself. Throws InputError.
ShareAnswer share(const ShareQuestion& question);

}  // namespace bandwright
