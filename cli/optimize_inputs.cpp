#include "cli/optimize_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/catalogue.h"
#include "core/paths.h"
#include "core/tell.h"

namespace bandwright {
namespace {

bool looks_like_network(std::string_view word) {
  return word.find('(') != std::string_view::npos || find_input("networks", word).has_value();
}

template <class Row>
bool is_one_of(std::span<const Row> rows, std::string_view word) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const Row& row) { return equal_ignoring_case(row.name, word); });
}

// The reference's order; an option replaces its positional and the others keep their order.
void place_words(OptimizeOptions& options) {
  options.network.network = options.job.files.network;
  if (!options.training.npus.empty() && options.network.network.empty()) {
    options.network.network = options.job.files.system;
  }
  if (options.workload.models.empty()) options.workload.models = options.job.files.workload;
  struct Slot {
    std::string_view name;
    std::string& text;
    bool (*looks_like)(std::string_view word);
  };
  const std::array<Slot, 5> slots = {
      Slot{"Network", options.network.network, looks_like_network},
      Slot{"BW", options.budget, reads_as_budget},
      Slot{"Workload", options.workload.models,
           [](auto word) { return find_input("models", word).has_value(); }},
      Slot{"Target", options.target, [](auto word) { return is_one_of(targets(), word); }},
      Slot{"TrainingLoop", options.loop, [](auto word) { return is_one_of(training_loops(), word); }}};
  auto word = options.words.begin();
  for (const Slot& slot : slots) {
    if (!slot.text.empty() && word != options.words.end() && slot.looks_like(*word)) {
      throw InputError(
          fmt::format("<{}> is given twice: '{}' by an option, and '{}'", slot.name, slot.text, *word));
    }
    if (slot.text.empty() && word != options.words.end()) slot.text = *word++;
    if (slot.text.empty() && slot.name != "TrainingLoop") {
      throw InputError(
          fmt::format("missing <{}>: bandwright optimize <Network> <BW> <Workload> <Target> "
                      "[<TrainingLoop>]",
                      slot.name));
    }
  }
  if (word != options.words.end()) throw InputError(fmt::format("unknown argument '{}'", *word));
  if (options.loop.empty()) options.loop = options.workload.loop;
}

std::variant<Bandwidth, Money> parse_budget(std::string_view text) {
  if (trimmed(text).starts_with('$')) return parse_money(text);
  const double gb_per_s = parse_gb_per_s(text);
  if (gb_per_s <= 0.0) throw InputError(fmt::format("'{}' is not above 0", text));
  return Bandwidth(gb_per_s);
}

std::vector<double> parse_weights(std::string_view text) {
  std::vector<double> weights;
  for (const std::string_view part : split(text, ',')) weights.push_back(parse_number(part, 0.0, 1e9));
  return weights;
}

constexpr TrainingLoop program_loop{.name = "training step", .help = "of a real model"};

// A real model's step on a machine's network.
void put_training_job(const OptimizeOptions& options, DesignAnswer& answer) {
  if (options.loop != WorkloadOptions{}.loop) {
    throw InputError(
        fmt::format("training loop '{}' is for layer tables; with --npus see --overlap", options.loop));
  }
  TrainingOptions training = options.training;
  training.system = options.network.network;
  training.recompute = options.workload.recompute;
  TrainingJob job = load_training_job(options.workload.models, training);
  if (!options.offload.tiers.empty()) show_offload(offload(job, options.offload));
  answer.memory = memory_fit(job);
  Design& design = answer.design;
  design.network = job.machine.network(job.parallelism.npus());
  if (design.network.dimensions.empty()) throw InputError("--npus 1: one NPU has no network to divide");
  design.models = {Model{.name = job.model.name, .tensor_parallel = job.parallelism.tensor}};
  design.steps = {training_step(job, design.network)};
  design.loop = &program_loop;
}

constexpr TrainingLoop trace_loop{.name = recorded_order, .help = "of a trace"};

// What other tools' files describe, in place of network and model. The order of a trace is recorded at an
// equal split of the budget.
void add_job(const OptimizeOptions& options, Design& design) {
  JobOptions files = options.job;
  files.files.loop = options.loop;
  const auto* bandwidth = std::get_if<Bandwidth>(&design.budget);
  constexpr double usual_gb_per_s = 100.0;
  Job job = load(files, {.budget = bandwidth != nullptr ? bandwidth->value() : usual_gb_per_s});
  show_ignored(job);
  if (job.ranks) design.loop = &trace_loop;
  design.network = std::move(job.network);
  design.system = std::move(job.system);
  design.models = {{.name = job.graph.name}};
  design.steps = {std::move(job.graph)};
}

}  // namespace

DesignAnswer question_of(OptimizeOptions options) {
  place_words(options);
  DesignAnswer answer;
  Design& design = answer.design;
  design.loop = &training_loop(options.loop);
  design.budget = parse_option("budget", options.budget, parse_budget);
  if (!options.job.files.workload.empty()) {
    add_job(options, design);
  } else if (!options.training.npus.empty()) {
    put_training_job(options, answer);
  } else {
    design.network = options.network.classes.empty() ? load_any_network(options.network.network).network
                                                     : load(options.network);
    design.models = load_models(options.workload);
    design.loop_options = loop_options(options.workload);
  }
  design.target = find_in_catalogue(targets(), options.target, "target").target;
  if (!options.weights.empty()) design.weights = parse_option("--weights", options.weights, parse_weights);
  if (!design.weights.empty() && design.weights.size() != design.models.size()) {
    throw InputError(
        fmt::format("--weights: {} weights for {} models", design.weights.size(), design.models.size()));
  }
  design.normalize = options.normalize;
  design.own_links = options.own_links;
  design.prices = load_any_prices(options.network.prices);
  design.constraints = options.constraints;
  return answer;
}

}  // namespace bandwright
