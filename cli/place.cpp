#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "answers/placement.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_rules.h"
#include "cli/output.h"
#include "cli/place_options.h"
#include "core/paths.h"
#include "core/progress.h"
#include "core/text.h"
#include "memory/convnet_training.h"
#include "memory/cost.h"
#include "memory/kernel_csv.h"
#include "memory/transformer_graph.h"

namespace bandwright {
namespace {

// A size of fast memory and how it was asked for.
struct FastMemory {
  std::string ratio;
  Bytes limit;
};

bool is_transformer(const PlaceOptions& options) {
  const std::string& word = options.network;
  if (find_input("convnets", word)) return false;
  if (find_input("architectures", word) || word.ends_with(".json")) return true;
  const YamlValue root = YamlValue::load(input_file("convnets", word, "network"));
  return root.is_map() && root.find("hidden");
}

TrainingGraph load_transformer(const PlaceOptions& options, const TierPair& tiers) {
  if (options.training.system.empty()) {
    throw InputError(options.network + ": a transformer needs --system");
  }
  if (!options.batch.empty()) throw InputError("--batch: images; transformers have --micro-batch");
  TrainingOptions training = options.training;
  if (training.npus.empty()) {
    const Parallelism p = read_parallelism(training);
    training.npus = std::to_string(p.tensor * p.pipeline);
  }
  return training_graph(load_training_job(options.network, training), tiers);
}

TrainingGraph load_graph(const PlaceOptions& options, const TierPair& tiers) {
  if (options.network.empty() == options.kernels.empty()) {
    throw InputError("give either a network or --kernels FILE");
  }
  if (!options.kernels.empty()) {
    if (!options.batch.empty()) throw InputError("--batch: the kernels of a file are of one batch size");
    return load_kernel_csv(options.kernels);
  }
  if (is_transformer(options)) return load_transformer(options, tiers);
  ImageModel network = load_image_model(options.network);
  if (!options.batch.empty()) {
    network.batch = parse_option("--batch", options.batch,
                                 [](std::string_view text) { return parse_integer(text, 1, 1'000'000); });
  }
  return training_graph(network, tiers);
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

std::vector<FastMemory> fast_memories(const PlaceOptions& options, const TierPair& tiers, Bytes peak) {
  if (!options.ratios.empty() + !options.fast.empty() + options.sweep > 1) {
    throw InputError("give one of --ratio, --fast and --sweep");
  }
  if (options.ratios.empty() && !options.sweep) {
    const Bytes limit =
        options.fast.empty() ? tiers.fast.capacity : parse_option("--fast", options.fast, parse_bytes);
    check_capacity(tiers, limit, peak);
    return {fixed_size(limit, peak)};
  }
  std::vector<FastMemory> result;
  for (const std::string_view text :
       split(options.sweep ? sweep_ratios : std::string_view(options.ratios), ',')) {
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

PlacementOptions placement_options(const PlaceOptions& options) {
  PlacementOptions result;
  // Equal layers make a transformer's program slow to close, and its kernel times are coarser by far.
  result.gap = options.gap.empty() ? (options.training.system.empty() ? 1e-4 : 1e-3)
                                   : parse_option("--gap", options.gap, [](std::string_view text) {
                                       return parse_number(text, 0.0, 1.0);
                                     });
  result.time_limit_seconds = to_seconds(parse_option("--time-limit", options.time_limit, parse_time));
  if (!options.window.empty()) {
    result.window = static_cast<int>(parse_option(
        "--window", options.window, [](std::string_view text) { return parse_integer(text, 0, 1000); }));
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
             const std::vector<const Policy*>& chosen, PlacementOptions options) {
  const PlacementSummary fast = place(report.problem, find_policy("all-fast"), options);
  const double all_fast_ns = fast.found() ? fast.ns : 0.0;
  const InterruptWatch interrupt;  // before any other thread
  options.stop = interrupt.token();
  ProgressClock progress(options.time_limit_seconds);
  for (const FastMemory& memory : memories) {
    options.found.clear();
    for (const Policy* policy : chosen) {
      if (!policy->limited && &memory != &memories.front()) continue;
      options.on_stage = [&](std::string_view stage) {
        progress.begin(fmt::format("{} at {}", stage, memory.ratio));
      };
      report.rows.push_back(run_policy(report, memory, *policy, options, all_fast_ns));
      options.found.push_back(std::make_shared<PlacementSummary>(report.rows.back().summary));
      if (options.stop.stop_requested()) return;
    }
  }
}

bool wants_schedule(const PlaceOptions& options) {
  return !options.schedule_file.empty() || !options.timeline_file.empty();
}

void write_schedules(const PlaceOptions& options, const PlaceReport& report) {
  if (!wants_schedule(options) || !report.rows.front().summary.replay) return;
  const PlacementSummary& summary = report.rows.front().summary;
  const TrainingGraph& graph = report.problem.graph;
  if (!options.schedule_file.empty()) {
    write_output({.file = options.schedule_file}, render_csv(schedule_document(graph, summary)));
  }
  if (!options.timeline_file.empty()) {
    write_output({.file = options.timeline_file}, schedule_timeline(graph, summary));
  }
}

void check_options(const CLI::App& command, const PlaceOptions& options) {
  check_needs(command, {"--plot-folder"}, {"--plot"});
  const std::string& what = options.kernels.empty() ? options.network : options.kernels;
  if (!options.kernels.empty() || (!what.empty() && !is_transformer(options))) {
    refuse_typed(command, transformers, fmt::format("is for transformers, and {} is none", what));
  }
  const std::vector<const Policy*> chosen = chosen_policies(options.policies);
  if (std::none_of(chosen.begin(), chosen.end(), [](auto* each) { return each->name == "asynchronous"; })) {
    refuse_typed(command, {"--window"}, "is for the policy asynchronous");
  }
}

void run(const PlaceOptions& options) {
  const TierPair tiers = load_tiers(options.tiers);
  PlaceReport report{.problem = {load_graph(options, tiers), tiers, {}}};
  report.peak_live = peak_live(report.problem.graph);
  report.linear_error = report.problem.graph.measured ? linear_model_error(report.problem.graph, tiers)
                                                      : linear_model_median_error;
  const std::vector<const Policy*> chosen = chosen_policies(options.policies);
  const PlacementOptions placement = placement_options(options);
  const std::vector<FastMemory> memories = fast_memories(options, tiers, report.peak_live);
  if (wants_schedule(options) &&
      (chosen.size() != 1 || memories.size() != 1 || chosen.front()->name == "cache")) {
    throw InputError("--schedule and --timeline need one --policy that gives a schedule, and one ratio");
  }
  for (const FastMemory& memory : memories) check({report.problem.graph, tiers, memory.limit});
  run_all(report, memories, chosen, placement);
  mark_front(report.rows);
  write_answer(options.output, placement_document(report, options.output.timing));
  write_schedules(options, report);
  draw_answer("placement", report.problem.graph.name + "-" + report.problem.tiers.name,
              placement_document(report, false), options.plot);
  const bool unanswered = std::any_of(report.rows.begin(), report.rows.end(), [](const PlaceRow& row) {
    return !row.summary.found() || (row.summary.replay && !row.summary.replay->fault.empty());
  });
  if (unanswered) throw CLI::RuntimeError(1);
}

}  // namespace

void add_place(CLI::App& app) {
  CLI::App* command = app.add_subcommand("place", "Where each tensor should live: fast or slow memory");
  const auto options =
      std::make_shared<PlaceOptions>();  // shared with the callback, which outlives this function
  add_place_options(*command, *options);
  command->footer(
      "Examples:\n"
      "  bandwright place vgg19 --batch 16 --tiers dram-pmm --ratio 8:1,4:1,2:1,1:1 --policy synchronous\n"
      "  bandwright place densenet-264 --tiers hbm-ddr --batch 256 --fast '10 GiB' --policy all\n"
      "  bandwright place llama3-70b --system dgx-h100 --tp 8 --tiers hbm-ddr --fast '60 GiB' --policy "
      "asynchronous\n"
      "  bandwright place --kernels profile.csv --tiers my-tiers.yaml --sweep --plot\n"
      "  bandwright place vgg19 --ratio 4:1 --policy synchronous --schedule moves.csv --timeline moves.json");
  command->callback([command, options] {
    check_options(*command, *options);
    run(*options);
  });
}

}  // namespace bandwright
