#include "study/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "core/io/paths.h"
#include "cost_model/bill.h"
#include "formats/load.h"
#include "formats/load_graph.h"
#include "network/hash.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/leap.h"
#include "simulator/shared_links.h"
#include "simulator/transport/catalogue.h"
#include "study/job/bandwidths.h"
#include "study/job/built_machine.h"
#include "study/job/job_options.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

// A step written out needs some 100 bytes per operation.
constexpr double most_operations = 2e7;

std::string name_of(const Step& step, const Operation& operation) {
  const std::string& line = step.line_names[operation.line];
  const bool communicates = operation.kind == OperationKind::Collective;
  const std::string_view what = communicates
                                    ? collective_name(step.collectives[operation.collective].collective.kind)
                                    : (operation.kind == OperationKind::Compute ? "compute" : "overhead");
  if (operation.role == Role::Other) return fmt::format("{}: {}", line, what);
  return fmt::format("{} {}: {}", line, role_name(operation.role), what);
}

// Times by name.
class CriticalParts {
 public:
  void add(std::string name, Time time) {
    const auto [known, fresh] = index_.emplace(name, parts_.size());
    if (fresh) parts_.push_back({std::move(name), Time(0)});
    parts_[known->second].time += time;
  }
  std::vector<CriticalPart> longest_first() && {
    std::stable_sort(parts_.begin(), parts_.end(),
                     [](const auto& a, const auto& b) { return a.time > b.time; });
    return std::move(parts_);
  }

 private:
  std::vector<CriticalPart> parts_;
  std::unordered_map<std::string, std::size_t> index_;
};

std::vector<CriticalPart> critical_parts(const Step& graph, const StepResult& result) {
  CriticalParts parts;
  for (const CriticalOperation& each : result.critical_path) {
    parts.add(name_of(graph, graph.operations[each.operation]), each.end - each.start);
  }
  return std::move(parts).longest_first();
}

std::vector<CriticalPart> critical_parts(const Step& graph, const std::vector<ClosedForm::Share>& path) {
  CriticalParts parts;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i].times == 0.0 || path[i].ns == 0.0) continue;
    parts.add(name_of(graph, graph.operations[i]), nanoseconds(path[i].times * path[i].ns));
  }
  return std::move(parts).longest_first();
}

void play_closed(const SimulationOptions& options, SimulationAnswer& answer, Timeline* timeline) {
  const std::vector<double> gb_per_s = answer.gb_per_s();
  if (timeline != nullptr && !answer.job) {
    throw InputError("--timeline of a layer table needs the event-driven engine");
  }
  const ClosedForm form(answer.graph, answer.network, answer.library);
  if (!std::isfinite(form.step_time_ns(gb_per_s))) throw InputError("a dimension carries data at 0 GB/s");
  answer.result = form.evaluate(gb_per_s);
  if (options.explain) answer.critical = critical_parts(answer.graph, form.critical_path(gb_per_s));
  if (timeline != nullptr) *timeline = step_timeline(*answer.job, gb_per_s).timeline;
}

void write_out(SimulationAnswer& answer) {
  double operations = 0.0;
  for (const double count : executions(answer.graph)) operations += count;
  if (operations > most_operations) {
    throw InputError(
        fmt::format("{:.0f} operations in a step, the event-driven engine takes up to {:.0f} "
                    "(--engine closed counts repetition instead of playing it)",
                    operations, most_operations));
  }
  answer.graph = expand(answer.graph);
}

std::vector<NodeId> shuffled_places(const NetworkGraph& graph, std::uint64_t seed) {
  std::vector<NodeId> places(static_cast<std::size_t>(graph.npus()));
  std::iota(places.begin(), places.end(), NodeId{0});
  for (std::size_t i = places.size() - 1; i > 0; --i) std::swap(places[i], places[hashed(seed, i) % (i + 1)]);
  return places;
}

void prepare_built(const SimulationOptions& options, SimulationAnswer& answer) {
  if (options.transport && *options.transport != NetworkModel::Flows) {
    throw InputError(fmt::format("--transport ports: {} is no grid, whose links are shared as flows",
                                 answer.built->graph.name));
  }
  answer.library.network = NetworkModel::Flows;
  answer.built->routing = options.routing;
  if (options.shuffle) answer.built->order = shuffled_places(answer.built->graph, *options.shuffle);
}

// The same with the seeds after the first.
void play_more_seeds(const SimulationOptions& options, const std::function<StepResult()>& play,
                     SimulationAnswer& answer) {
  const Time first = answer.result.step_time;
  SeedSpread spread{options.seeds, first, first, first};
  double sum_ps = static_cast<double>(first.value());
  for (int i = 1; i < options.seeds; ++i) {
    ++answer.built->routing.seed;
    const Time time = play().step_time;
    spread.least = std::min(spread.least, time);
    spread.most = std::max(spread.most, time);
    sum_ps += static_cast<double>(time.value());
  }
  spread.mean = Time(std::llround(sum_ps / options.seeds));
  answer.spread = spread;
}

// "TP, DP and 3 others"
std::string few_names(const std::vector<std::string>& names) {
  constexpr std::size_t most = 3;
  if (names.size() > most + 1) {
    return fmt::format("{} and {} others", fmt::join(names.begin(), names.begin() + most, ", "),
                       names.size() - most);
  }
  if (names.size() == 1) return names.front();
  return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

// What an answer over ports leaves out.
void note_shared_links(const Scenario& scenario, std::vector<std::string>& notes) {
  if (scenario.library.network != NetworkModel::Ports) return;
  for (const SharedLinks& shared : shared_links(scenario)) {
    const Dimension& dimension = scenario.network.dimensions[static_cast<std::size_t>(shared.dimension)];
    notes.push_back(fmt::format(
        "messages of {} pass other NPUs on dimension {} {}({}) and meet on its links, which ports do "
        "not count (--transport flows does: they share the links' bandwidth)",
        few_names(shared.groups), shared.dimension + 1, dimension.kind->name, dimension.npus));
  }
  for (const SharedLinks& shared : shared_links_in(scenario)) {
    const Dimension& dimension = scenario.network.dimensions[static_cast<std::size_t>(shared.dimension)];
    notes.push_back(fmt::format(
        "several messages of {} come to an NPU of dimension {} {}({}) in one round and share the link into "
        "it, while ports count what is sent (--transport flows counts both)",
        few_names(shared.groups), shared.dimension + 1, dimension.kind->name, dimension.npus));
  }
}

// What a library's links do not allow on this network is said with its file.
template <class Action>
decltype(auto) told_of_library(const Job& job, Action action) {
  try {
    return action();
  } catch (const InputError& error) {
    const bool named = job.library.empty() || find_input("libraries", job.library);
    if (named || !std::string_view(error.what()).starts_with("links: ")) throw;
    throw InputError(Place{.file = is_written_out(job.library) ? "{...}" : job.library}, error.what());
  }
}

void play_events(const SimulationOptions& options, SimulationAnswer& answer, Timeline* timeline,
                 const Watch& watch) {
  if (answer.built) prepare_built(options, answer);
  if (options.transport) answer.library.network = *options.transport;
  answer.transport = transport_of(answer.library).name;
  const Library& library = answer.library;
  const Scenario scenario{answer.graph,
                          answer.network,
                          library,
                          answer.bandwidth,
                          answer.lone_collective ? library.after_lone_collective : library.after_collective,
                          answer.built ? &*answer.built : nullptr};
  if (options.explain) note_shared_links(scenario, answer.notes);
  if (!answer.built && answer.job && library.network == NetworkModel::Flows)
    note_reduction_in_switches(answer.job->machine, answer.graph, answer.notes);
  const Fidelity fidelity = answer.ranks ? resolved(options.fidelity, scenario, *answer.ranks)
                                         : resolved(options.fidelity, scenario);
  answer.fidelity = fidelity_name(fidelity);
  if (answer.job && fidelity == Fidelity::Folded && timeline == nullptr) {
    tell_of_planning(scenario, {.force = options.force, .on_cost = watch.on_cost});
    answer.result = (options.no_leap ? simulate_rounds(scenario) : simulate_leaping(scenario)).result;
  } else {
    if (answer.job) write_out(answer);
    PlayLimits limits{.force = options.force,
                      .play_all = options.no_leap,
                      .on_cost = watch.on_cost,
                      .on_progress = watch.on_play};
    double played = 0.0;  // seeds
    if (watch.on_play && options.seeds > 1)
      limits.on_progress = [&](double share) { watch.on_play((played + share) / options.seeds); };
    const auto play = [&](Timeline* drawn) {
      return answer.ranks ? simulate(scenario, *answer.ranks, fidelity, drawn, limits)
                          : simulate(scenario, fidelity, drawn, limits);
    };
    answer.result = play(timeline);
    limits.on_cost = {};  // said once
    if (answer.built && options.seeds > 1)
      play_more_seeds(
          options,
          [&] {
            played += 1.0;
            return play(nullptr);
          },
          answer);
  }
  if (options.explain) answer.critical = critical_parts(answer.graph, answer.result);
}

// In the library's unit: what is given fixes the order of traces.
StepOptions step_options(const Job& job, bool own_links) {
  StepOptions options{.own_links = own_links, .recorded = {.in_system_unit = true}};
  if (job.workload.empty()) return options;
  if (!job.budget.empty()) options.recorded.budget = read_word(job, &Job::budget, parse_gb_per_s);
  if (!job.bandwidth.empty() && !names_graph(job.network) && job.npus.empty())
    options.recorded.fixed = given_bandwidths(job, network_of(job));
  return options;
}

}  // namespace

std::vector<double> SimulationAnswer::gb_per_s() const {
  std::vector<double> gb_per_s = bandwidth;
  for (double& b : gb_per_s) b *= library.unit_gb_per_s();
  return gb_per_s;
}

std::string operation_name(const Step& graph, const Operation& operation) {
  return name_of(graph, operation);
}

std::optional<double> network_cost(const Network& network, const PriceList& prices,
                                   const std::vector<double>& gb_per_s) {
  if (!missing_prices(network, prices).empty()) return std::nullopt;
  return make_bill(network, prices, gb_per_s).total().value();
}

SimulationAnswer simulate(JobStep step, std::vector<double> bandwidth, const SimulationOptions& options,
                          Timeline* timeline, const Watch& watch) {
  SimulationAnswer answer{std::move(step)};
  answer.bandwidth = std::move(bandwidth);
  const auto begin = std::chrono::steady_clock::now();
  if (options.closed_form) {
    if (answer.built)
      throw InputError("--engine closed knows grids only; the event-driven engine plays other networks");
    play_closed(options, answer, timeline);
  } else {
    play_events(options, answer, timeline, watch);
  }
  answer.engine = options.closed_form ? "closed form" : "event-driven";
  answer.wall_time_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return answer;
}

SimulationAnswer simulate(const Job& job, const SimulationOptions& options, Timeline* timeline,
                          const Watch& watch) {
  const bool own_links = !options.closed_form || read_flag(job, &Job::own_links);
  JobStep step = step_of(job, step_options(job, own_links), watch);
  std::vector<double> bandwidth = bandwidth_of(job, step);
  const PriceList prices = load_any_prices(word_of(job, &Job::prices));
  std::optional<double> cost_usd;
  if (!step.built) cost_usd = network_cost(step.network, prices, bandwidth);
  SimulationAnswer answer = told_of_library(
      job, [&] { return simulate(std::move(step), std::move(bandwidth), options, timeline, watch); });
  answer.prices = prices.name;
  answer.cost_usd = cost_usd;
  return answer;
}

}  // namespace bandwright
