#include "study/place.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/text.h"
#include "memory/cost.h"
#include "memory/graphs/convnet_training.h"
#include "memory/graphs/kernel_csv.h"
#include "memory/graphs/transformer_graph.h"
#include "study/job/job_options.h"
#include "study/job/training.h"
#include "study/job/workload.h"

namespace bandwright {
namespace {

// A size of fast memory and how it was asked for.
struct FastMemory {
  std::string ratio;
  Bytes limit;
};

// What of a job's options its graph has; other options would do nothing.
constexpr std::array placed_groups = {OptionGroup::Divisions, OptionGroup::Finer, OptionGroup::Machines};

TrainingGraph graph_of(Job job, const TransformerArchitecture& model, const TierPair& tiers) {
  if (job.machine.empty()) {
    throw InputError(job.model + ": a transformer needs --machine");
  }
  if (job.npus.empty()) {
    const Parallelism p = read_parallelism(job);
    job.npus = std::to_string(p.tensor * p.pipeline);
  }
  return training_graph(training_job(job, model, machine_of(job)), tiers);
}

TrainingGraph graph_of(const Job& job, ImageModel model, const TierPair& tiers) {
  constexpr std::array<std::string Job::*, 1> allowed = {&Job::global_batch};
  const std::string why = fmt::format("is for transformers, and {} is none", job.model);
  refuse_given(job, placed_groups, allowed, why);
  if (!job.recompute.empty()) throw InputError("--recompute " + why);
  if (!job.global_batch.empty()) model.batch = read_count(job, &Job::global_batch, 1'000'000);
  return training_graph(model, tiers);
}

TrainingGraph graph_of(const Job& job, const Model&, const TierPair&) {
  throw InputError(fmt::format(
      "{} is a layer table: it has compute times and collectives, no tensors to place", job.model));
}

TrainingGraph graph_of(const Job& job, const WorkloadFiles&, const TierPair&) {
  throw InputError(fmt::format("{} is another tool's file: it says nothing of tensors", job.model));
}

TrainingGraph load_graph(const PlaceQuestion& question, const TierPair& tiers) {
  const Job& job = question.job;
  if (job.model.empty() == question.kernels.empty()) {
    throw InputError("give either a network or --kernels FILE");
  }
  if (question.kernels.empty()) {
    return std::visit([&](auto&& model) { return graph_of(job, model, tiers); }, load_workload(job.model));
  }
  if (!job.global_batch.empty()) {
    throw InputError("--batch: the kernels of a file are of one batch size");
  }
  const std::string why = fmt::format("is for transformers, and {} is none", question.kernels);
  refuse_given(job, placed_groups, {}, why);
  if (!job.recompute.empty()) throw InputError("--recompute " + why);
  return load_kernel_csv(question.kernels);
}

// "8:1" slow to fast bytes: fast memory is peak / (8 + 1).
FastMemory parse_ratio(std::string_view text, Bytes peak) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() != 2) throw InputError(fmt::format("'{}' is not a ratio slow:fast such as 8:1", text));
  const double slow = parse_number(parts[0], 0.0, 1e6);
  const double fast = parse_number(parts[1], 0.0, 1e6);
  if (slow + fast <= 0.0) throw InputError(fmt::format("'{}' is not a ratio: both sides are 0", text));
  return {std::string(text), bytes(static_cast<std::int64_t>(to_double(peak) * (fast / (slow + fast))))};
}

FastMemory fixed_size(Bytes limit, Bytes peak) {
  if (limit >= peak) return {"0:1", limit};
  if (limit.value() == 0) return {"1:0", limit};
  return {fmt::format("{:.3g}:1", to_double(peak - limit) / to_double(limit)), limit};
}

void check_capacity(const TierPair& tiers, Bytes fast, Bytes peak) {
  if (fast > tiers.fast.capacity) {
    throw InputError(fmt::format("--fast: {} is more than the {} of {}", format_bytes(fast),
                                 format_bytes(tiers.fast.capacity), tiers.fast.name));
  }
  if (peak - fast > tiers.slow.capacity) {
    throw InputError(fmt::format("{} of tensors do not fit {} of {} and {} of {}", format_bytes(peak),
                                 format_bytes(fast), tiers.fast.name, format_bytes(tiers.slow.capacity),
                                 tiers.slow.name));
  }
}

std::vector<FastMemory> fast_memories(const PlaceQuestion& question, const TierPair& tiers, Bytes peak) {
  const Job& job = question.job;
  if (!question.ratios.empty() && !job.fast.empty()) {
    throw InputError("give one of --ratio, --fast and --sweep");
  }
  if (question.ratios.empty()) {
    const Bytes limit = job.fast.empty() ? tiers.fast.capacity : read_word(job, &Job::fast, parse_bytes);
    check_capacity(tiers, limit, peak);
    return {fixed_size(limit, peak)};
  }
  std::vector<FastMemory> result;
  for (const std::string_view text : split(question.ratios, ',')) {
    result.push_back(parse_option("--ratio", text, [&](std::string_view t) { return parse_ratio(t, peak); }));
  }
  return result;
}

std::vector<const Policy*> chosen_policies(const std::string& words) {
  std::vector<const Policy*> result;
  if (equal_ignoring_case(words, "all")) {
    for (const Policy& policy : policies()) result.push_back(&policy);
    return result;
  }
  for (const std::string_view word : split(words, ',')) {
    result.push_back(
        parse_option("--policy", word, [](std::string_view name) { return &find_policy(name); }));
  }
  return result;
}

PlaceRow run_policy(PlaceReport& report, const FastMemory& memory, const Policy& policy,
                    const PlacementOptions& options, double all_fast_ns) {
  PlacementProblem& problem = report.problem;
  problem.fast_limit = memory.limit;
  PlaceRow row{.ratio = memory.ratio, .fast_limit = memory.limit, .summary = place(problem, policy, options)};
  if (!policy.limited) {  // all-fast and all-slow: what they would need
    row.fast_limit = row.summary.peak_fast;
    row.ratio = row.fast_limit.value() > 0 ? "0:1" : "1:0";
  }
  if (all_fast_ns > 0.0) row.slowdown = row.summary.ns / all_fast_ns;
  row.memory_cost = memory_cost(problem.tiers, row.fast_limit, report.peak_live);
  const Money all_fast = memory_cost(problem.tiers, report.peak_live, report.peak_live);
  if (all_fast.value() > 0.0) row.relative_cost = row.memory_cost.value() / all_fast.value();
  return row;
}

// Among schedules: the idealised cache has none, and nobody can buy it.
void mark_front(std::vector<PlaceRow>& rows) {
  std::vector<Offer> offers;
  for (const PlaceRow& row : rows) {
    offers.push_back({row.memory_cost.value(), row.summary.replay ? row.summary.ns : never});
  }
  const std::vector<bool> front = pareto_front(offers);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].pareto = front[i] && rows[i].summary.replay.has_value();
  }
}

void run_all(PlaceReport& report, const std::vector<FastMemory>& memories,
             const std::vector<const Policy*>& chosen, PlacementOptions options, const Watch& watch) {
  const PlacementSummary fast = place(report.problem, find_policy("all-fast"), options);
  const double all_fast_ns = fast.found() ? fast.ns : 0.0;
  options.stop = watch.stop;
  for (const FastMemory& memory : memories) {
    options.found.clear();
    for (const Policy* policy : chosen) {
      if (!policy->limited && &memory != &memories.front()) continue;
      options.on_stage = [&](std::string_view stage) {
        if (watch.on_stage) watch.on_stage(fmt::format("{} at {}", stage, memory.ratio));
      };
      report.rows.push_back(run_policy(report, memory, *policy, options, all_fast_ns));
      options.found.push_back(std::make_shared<PlacementSummary>(report.rows.back().summary));
      if (options.stop.stop_requested()) return;
    }
  }
}

PlacementOptions placement_options(const PlaceQuestion& question) {
  // Equal layers make a transformer's program slow to close, and its kernel times are coarser by far.
  const bool transformer = question.kernels.empty() && !question.job.machine.empty();
  return {.gap = question.gap.value_or(transformer ? 1e-3 : 1e-4),
          .time_limit_seconds = question.time_limit_seconds,
          .window = question.window};
}

}  // namespace

bool PlaceReport::answered() const {
  return std::all_of(rows.begin(), rows.end(), [](const PlaceRow& row) {
    return row.summary.found() && (!row.summary.replay || row.summary.replay->fault.empty());
  });
}

PlaceReport place(const PlaceQuestion& question, const Watch& watch) {
  const std::vector<const Policy*> chosen = chosen_policies(question.policies);
  const bool has_window =
      std::any_of(chosen.begin(), chosen.end(), [](auto* each) { return each->name == "asynchronous"; });
  if (question.window && !has_window) throw InputError("--window is for the policy asynchronous");
  const std::string usual_tiers = "dram-pmm";
  const TierPair tiers = load_tiers(question.job.tiers.empty() ? usual_tiers : question.job.tiers);
  PlaceReport report{.problem = {load_graph(question, tiers), tiers, {}}};
  const TrainingGraph& graph = report.problem.graph;
  report.peak_live = peak_live(graph);
  report.linear_error = graph.measured ? linear_model_error(graph, tiers) : linear_model_median_error;
  const std::vector<FastMemory> memories = fast_memories(question, tiers, report.peak_live);
  if (question.one_schedule &&
      (chosen.size() != 1 || memories.size() != 1 || chosen.front()->name == "cache")) {
    throw InputError("--schedule and --timeline need one --policy that gives a schedule, and one ratio");
  }
  for (const FastMemory& memory : memories) check({graph, tiers, memory.limit});
  run_all(report, memories, chosen, placement_options(question), watch);
  mark_front(report.rows);
  return report;
}

}  // namespace bandwright
