#include "study/built/share.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "core/text.h"
#include "formats/load_graph.h"
#include "network/graph_file.h"
#include "simulator/player/play_cost.h"
#include "simulator/player/player.h"
#include "simulator/player/together.h"
#include "study/job/job_options.h"
#include "study/job/job_step.h"

namespace bandwright {
namespace {

constexpr std::size_t most_operations_of_a_job = 20'000'000;

void set_sharing_word(SharingJob& sharing, const std::string& key, const std::string& value) {
  if (key == "name") {
    sharing.name = value;
  } else if (key == "at") {
    sharing.at = value;
  } else if (key == "start") {
    sharing.start = value;
  } else if (const JobOption* option = find_job_option(key)) {
    sharing.job.*option->word = value;
  } else {
    throw InputError(
        fmt::format("unknown key '{}', expected name, at, start or one of a job", printable(key)));
  }
}

// A job's step on its own NPUs of the network.
struct Prepared {
  JobStep step;
  std::vector<double> bandwidth;
  Step written_out;  // unless traces say what each NPU does
  FlowNetwork built;
  Time start;

  [[nodiscard]] JobScenario scenario() const {
    const Time after =
        step.lone_collective ? step.library.after_lone_collective : step.library.after_collective;
    return {
        {step.ranks ? step.ranks->graph : written_out, step.network, step.library, bandwidth, after, &built},
        start,
        step.ranks ? &*step.ranks : nullptr};
  }
};

// Models bring a machine; collectives and traces are planned on a grid, whose NPUs have so many GB/s.
JobStep step_of_sharing(const SharingJob& sharing, std::size_t npus, double gb_per_s) {
  Job job = sharing.job;
  const bool on_a_grid = !job.collective.empty() || !job.workload.empty();
  if (!job.network.empty() && !on_a_grid) {
    throw InputError(
        "network: the jobs share one; `network` is the grid of a collective's or traces' NPUs only");
  }
  if (!on_a_grid) {
    job.npus = std::to_string(npus);
  } else if (job.network.empty()) {
    job.network = fmt::format("Switch({})", npus);
  }
  StepOptions options{.own_links = job.npus.empty(), .recorded = {}};
  if (!job.workload.empty()) {
    options.recorded.fixed.assign(network_of(job).dimensions.size(), gb_per_s);
  }
  return step_of(job, options);
}

void prepare(const SharingJob& sharing, const NetworkGraph& graph, const RoutingOptions& routing,
             Prepared& prepared) {
  std::vector<NodeId> places = nodes_named(graph, sharing.at.empty() ? "npu" : sharing.at);
  for (const NodeId place : places) {
    if (graph.nodes[place].kind != NodeKind::Npu)
      throw InputError(fmt::format("at: {} is no NPU", graph.node_name(place)));
  }
  const double own = logical_grid(graph).bandwidth.back().value();
  prepared.step = step_of_sharing(sharing, places.size(), own);
  if (prepared.step.network.npus() != static_cast<std::int64_t>(places.size())) {
    throw InputError(fmt::format("at: {} NPUs, and {} has {}", places.size(),
                                 prepared.step.network.shorthand(), prepared.step.network.npus()));
  }
  prepared.step.library.network = NetworkModel::Flows;
  prepared.bandwidth = prepared.step.own_gb_per_s;
  prepared.bandwidth.resize(prepared.step.network.dimensions.size(), own);
  for (double& b : prepared.bandwidth) b /= prepared.step.library.unit_gb_per_s();
  if (!prepared.step.ranks) prepared.written_out = expand(prepared.step.graph, most_operations_of_a_job);
  prepared.built = {.graph = graph, .routing = routing, .order = std::move(places)};
  if (!sharing.start.empty()) prepared.start = parse_option("start", sharing.start, parse_time);
}

void require_own_npus(const std::deque<Prepared>& prepared, const ShareQuestion& question,
                      const NetworkGraph& graph) {
  std::vector<std::size_t> owner(static_cast<std::size_t>(graph.npus()), prepared.size());
  for (std::size_t j = 0; j < prepared.size(); ++j) {
    for (const NodeId npu : prepared[j].built.order) {
      if (owner[npu] != prepared.size()) {
        throw InputError(fmt::format("{} is of {} and of {}", graph.node_name(npu),
                                     question.jobs[owner[npu]].name, question.jobs[j].name));
      }
      owner[npu] = j;
    }
  }
}

// Of all of them, each by itself and then together.
PlayCost cost_of(const std::vector<JobScenario>& jobs) {
  PlayCost all;
  for (const JobScenario& job : jobs) {
    const Scenario& given = job.scenario;
    const RankedStep ranks = job.ranks == nullptr ? of_one_kind(given) : *job.ranks;
    const PlayCost cost = play_cost(
        {ranks.graph, given.network, given.library, given.bandwidth, given.after_collective, given.built},
        ranks);
    all.messages += 2.0 * cost.messages;
    all.events += 2.0 * cost.events;
    all.seconds += 2.0 * cost.seconds;
    all.bytes += cost.bytes;
  }
  return all;
}

}  // namespace

SharingJob parse_sharing_job(std::string_view text) {
  SharingJob sharing;
  for (const std::string_view part : split(text, ';')) {
    if (trimmed(part).empty()) continue;
    const std::size_t end = part.find_first_of(":=");
    if (end == std::string_view::npos) {
      throw InputError(fmt::format("'{}': expected a key and a value, such as 'tp: 8'", printable(part)));
    }
    set_sharing_word(sharing, std::string(trimmed(part.substr(0, end))),
                     std::string(trimmed(part.substr(end + 1))));
  }
  return sharing;
}

ShareAnswer share(const ShareQuestion& question) {
  require_graph(question.network);
  GraphDefaults defaults;
  if (!question.bandwidth.empty()) {
    defaults.bandwidth = Bandwidth(parse_option("--bandwidth", question.bandwidth, parse_gb_per_s));
  }
  const NetworkGraph graph = load_graph(question.network, defaults);
  ShareAnswer answer{.network = graph.name, .routing = question.routing, .jobs = {}};
  std::deque<Prepared> prepared;
  ShareQuestion named = question;
  for (std::size_t j = 0; j < named.jobs.size(); ++j) {
    SharingJob& job = named.jobs[j];
    if (job.name.empty()) job.name = fmt::format("job {}", j + 1);
    try {
      prepare(job, graph, question.routing, prepared.emplace_back());
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}: {}", job.name, error.what()));
    }
  }
  require_own_npus(prepared, named, graph);
  std::vector<JobScenario> scenarios;
  for (const Prepared& each : prepared) scenarios.push_back(each.scenario());
  require_affordable(cost_of(scenarios), "fewer NPUs, or less to send");
  std::vector<StepResult> together = simulate_together(scenarios);
  for (std::size_t j = 0; j < scenarios.size(); ++j) {
    answer.jobs.push_back(
        {named.jobs[j].name, prepared[j].step.model, prepared[j].step.network.npus(), prepared[j].start,
         simulate_together(std::span(scenarios).subspan(j, 1)).front().step_time, std::move(together[j])});
  }
  return answer;
}

}  // namespace bandwright
