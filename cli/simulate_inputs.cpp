#include "cli/simulate_inputs.h"

#include <fmt/format.h>

#include <array>

#include "core/catalogue.h"
#include "core/tell.h"
#include "optimizer/solver.h"
#include "simulator/closed_form.h"

namespace bandwright {
namespace {

struct EngineInfo {
  bool closed_form;
  std::string_view name;
  std::string_view help;
};
constexpr std::array engines = {EngineInfo{false, "event", "event-driven"},
                                EngineInfo{true, "closed", "closed form"}};

struct AllocationInfo {
  bool equal;
  std::string_view name;
  std::string_view help;
};
constexpr std::array allocations = {AllocationInfo{false, "optimized", "the best shares"},
                                    AllocationInfo{false, "optimised", "the best shares"},
                                    AllocationInfo{true, "equal", "the same for each dimension"}};

// A budget's word where none is wanted any more.
void refuse_budget(const SimulateOptions& options, const std::string& word) {
  if (!reads_as_budget(word)) return;
  if (!options.bandwidth.empty())
    throw InputError(fmt::format("--bandwidth and the budget '{}': one or the other", word));
  if (!options.budget.empty()) {
    throw InputError(fmt::format("the budget is given twice: '{}' and '{}'", options.budget, word));
  }
}

// <network> [<budget>] [<model> <loop>]: no budget where --bandwidth is given, no model where --collective
// is.
void place_words(SimulateOptions& options) {
  auto word = options.words.begin();
  const auto take = [&](std::string& text) {
    if (text.empty() && word != options.words.end()) text = *word++;
  };
  options.network.network = options.job.files.network;
  take(options.network.network);
  if (options.bandwidth.empty()) take(options.budget);
  refuse_budget(options, word != options.words.end() ? *word : "");
  if (options.collective.empty()) {
    take(options.workload.models);
    options.workload.loop.clear();
    take(options.workload.loop);
    if (options.workload.loop.empty()) options.workload.loop = "NoOverlap";
  }
  const bool complete = !options.network.network.empty() &&
                        !(options.bandwidth.empty() && options.budget.empty()) &&
                        !(options.collective.empty() && options.workload.models.empty());
  if (!complete) {
    throw InputError(
        "missing arguments: bandwright simulate <network> <budget> <model> [<loop>] (no <budget> with "
        "--bandwidth, no <model> with --collective)");
  }
  if (word != options.words.end()) throw InputError(fmt::format("unknown argument '{}'", *word));
}

System system_of(const SimulateOptions& options) {
  System system = load_any_system(options.system.empty() ? "ideal" : options.system).system;
  if (!options.chunks.empty()) {
    system.chunks = static_cast<int>(parse_option("--chunks", options.chunks, [](std::string_view text) {
      return parse_integer(text, 1, max_chunks);
    }));
  }
  if (!options.scheduler.empty()) {
    system.scheduler = parse_option("--scheduler", options.scheduler, [](std::string_view word) {
      return std::string(chunk_scheduler(word).name);
    });
  }
  return system;
}

// The model, read and built as the system says unless an option says otherwise.
Step step_of(SimulateOptions& options, const Network& network, System& system) {
  if (options.workload.tables.empty()) options.workload.tables = system.fused_tables ? "fused" : "split";
  if (!options.workload.compute_scale.empty()) {
    system.compute_scale = loop_options(options.workload).compute_scale;
  } else {
    options.workload.compute_scale = "1";
  }
  const std::vector<Model> models = load_models(options.workload);
  if (models.size() != 1) throw InputError("simulate takes one model");
  const TrainingLoop& loop = training_loop(options.workload.loop);
  options.workload.loop = loop.name;
  return build_step(models.front(), network, loop,
                    loop_options(system, loop, loop_options(options.workload).recompute));
}

Step graph_of(SimulateOptions& options, const Network& network, System& system) {
  if (options.collective.empty()) return step_of(options, network, system);
  options.workload.loop.clear();
  if (options.size.empty()) throw InputError("--collective needs --size, such as --size '1 GiB'");
  return lone_collective(network, {parse_option("--collective", options.collective, collective_kind),
                                   parse_option("--size", options.size, parse_bytes)});
}

// The shares of a budget with which a closed form is fastest.
std::vector<double> optimized_shares(const ClosedForm& step_time, int dimensions, double budget) {
  const Summary summary = optimize(
      {.dimensions = dimensions,
       .step_times = {{.cut = [&](std::span<const double> gb_per_s) { return step_time.cut(gb_per_s); }}},
       .constraints = {total_budget(dimensions, budget)}});
  if (summary.gb_per_s.empty()) throw InputError("the budget cannot be divided");
  return summary.gb_per_s;
}

std::vector<double> bandwidth_of(const SimulateOptions& options, const Network& network, const System& system,
                                 const Step& step) {
  if (!options.bandwidth.empty()) {
    return parse_option("--bandwidth", options.bandwidth,
                        [&](std::string_view text) { return parse_bandwidths(text, network); });
  }
  const double budget = parse_option("budget", options.budget, parse_gb_per_s);
  if (budget <= 0.0) throw InputError(fmt::format("budget: '{}' is not above 0", options.budget));
  const std::size_t dimensions = network.dimensions.size();
  const AllocationInfo& allocation =
      options.allocation.empty()
          ? allocations.front()
          : parse_option(
                "--allocation", options.allocation, [](std::string_view word) -> const AllocationInfo& {
                  return find_in_catalogue(std::span<const AllocationInfo>(allocations), word, "allocation");
                });
  if (allocation.equal) {
    return std::vector<double>(dimensions, budget / static_cast<double>(dimensions));
  }
  const double unit = system.bytes_per_second_unit() / 1e9;
  std::vector<double> shares = optimized_shares({step, network, system}, network.size(), budget * unit);
  for (double& share : shares) share /= unit;
  return shares;
}

// <network> <budget> <loop>, each where no option or file gives it.
SimulationAnswer job_of(SimulateOptions& options) {
  auto word = options.words.begin();
  const auto take = [&](std::string& text) {
    if (text.empty() && word != options.words.end()) text = *word++;
  };
  take(options.job.files.network);
  if (options.bandwidth.empty()) take(options.budget);
  refuse_budget(options, word != options.words.end() ? *word : "");
  options.job.files.loop.clear();
  take(options.job.files.loop);
  if (options.job.files.loop.empty()) options.job.files.loop = "NoOverlap";
  if (word != options.words.end()) throw InputError(fmt::format("unknown argument '{}'", *word));
  options.job.files.system = options.system;
  JobBandwidth bandwidth{.in_system_unit = true};
  if (!options.budget.empty()) bandwidth.budget = parse_option("budget", options.budget, parse_gb_per_s);
  if (!options.bandwidth.empty()) {
    bandwidth.fixed = parse_option("--bandwidth", options.bandwidth, [&](std::string_view text) {
      return parse_bandwidths(text, load_any_network(options.job.files.network).network);
    });
  }
  Job job = load(options.job, bandwidth);
  show_ignored(job);
  options.workload.loop = job.ranks.has_value() ? std::string(recorded_order) : options.job.files.loop;
  return {.network = std::move(job.network),
          .system = std::move(job.system),
          .graph = std::move(job.graph),
          .ranks = std::move(job.ranks),
          .bandwidth = std::move(job.bandwidth)};
}

SimulationAnswer model_of(SimulateOptions& options) {
  place_words(options);
  SimulationAnswer answer{.network = load(options.network), .system = system_of(options)};
  answer.graph = graph_of(options, answer.network, answer.system);
  if (options.own_links || !is_closed_form(options)) use_own_links(answer.graph.groups, answer.network);
  answer.bandwidth = bandwidth_of(options, answer.network, answer.system, answer.graph);
  return answer;
}

// <system> [<budget>] <model>, each where no option gives it.
void place_training_words(SimulateOptions& options) {
  std::vector<std::string> words = options.words;
  std::string& system = options.training.system;
  std::string& model = options.workload.models;
  system = options.system.empty() ? options.job.files.network : options.system;
  if (system.empty() && !words.empty()) {
    system = words.front();
    words.erase(words.begin());
  }
  if (model.empty() && !words.empty()) {
    model = words.back();
    words.pop_back();
  }
  if (system.empty() || model.empty()) {
    throw InputError("missing arguments: bandwright simulate <system> [<budget>] <model> --npus N");
  }
  refuse_budget(options, words.empty() ? "" : words.front());
  if (options.budget.empty() && !words.empty()) {
    options.budget = words.front();
    words.erase(words.begin());
  }
  if (!words.empty()) throw InputError(fmt::format("unknown argument '{}'", words.front()));
  options.system.clear();  // chunks and their order are the ideal system's
}

SimulationAnswer training_of(SimulateOptions& options) {
  place_training_words(options);
  options.training.recompute = options.workload.recompute;
  options.workload.loop.clear();
  SimulationAnswer answer{.system = system_of(options)};
  answer.job = load_training_job(options.workload.models, options.training);
  if (!options.offload.tiers.empty()) {
    show_offload(offload(*answer.job, options.offload));
  }
  const TrainingJob& job = *answer.job;
  answer.system.name = job.machine.name;
  answer.network = job.machine.network(job.parallelism.npus());
  const bool own = options.bandwidth.empty() && options.budget.empty();
  if (!own && answer.network.dimensions.empty()) {
    throw InputError("--npus 1: one NPU has no network to divide a budget over");
  }
  answer.graph = training_step(job, answer.network);
  if (own && !options.allocation.empty()) throw InputError("--allocation needs a budget");
  answer.bandwidth = own ? job.machine.gb_per_s(answer.network)
                         : bandwidth_of(options, answer.network, answer.system, answer.graph);
  return answer;
}

}  // namespace

bool is_closed_form(const SimulateOptions& options) {
  return parse_option("--engine", options.engine, [](std::string_view word) {
    return find_in_catalogue(std::span<const EngineInfo>(engines), word, "engine").closed_form;
  });
}

SimulationAnswer simulation_of(SimulateOptions& options) {
  const bool files = !options.job.files.workload.empty();
  const bool real = !options.training.npus.empty();
  SimulationAnswer answer = files ? job_of(options) : (real ? training_of(options) : model_of(options));
  answer.loop = options.workload.loop;
  return answer;
}

}  // namespace bandwright
