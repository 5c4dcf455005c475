#include "study/optimize.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "formats/load.h"
#include "study/job/job_options.h"
#include "study/job/job_step.h"

namespace bandwright {
namespace {

constexpr TrainingLoop program_loop{.name = step_without_loop, .help = "of a real model"};
constexpr TrainingLoop trace_loop{.name = recorded_order, .help = "of a trace"};

// The order of a trace is recorded at an equal split of the budget.
StepOptions options_of(const OptimizeQuestion& question) {
  const auto* bandwidth = std::get_if<Bandwidth>(&question.budget);
  return {.recorded = {.budget = bandwidth != nullptr ? bandwidth->value() : usual_gb_per_s}};
}

const TrainingLoop* loop_of_step(const JobStep& step) {
  if (step.ranks) return &trace_loop;
  if (step.loop.empty()) return &program_loop;
  return &training_loop(step.loop);
}

void require_same(const Network& first, const JobStep& step) {
  if (first.shorthand() == step.network.shorthand()) return;
  throw InputError(fmt::format("a group shares one network: {} is on {}, the models before it on {}",
                               step.model, step.network.shorthand(), first.shorthand()));
}

// The network as it is built, the same for all of a group.
void add_built(const OptimizeQuestion& question, JobStep& step, Design& design) {
  if (step.ranks) {
    throw InputError(
        "a budget is divided over classes of links for steps that all NPUs do alike, not traces");
  }
  if (!step.library.symmetric()) {
    throw InputError(
        "NPUs and links that differ in a network as it is built are in its own file, not a library's");
  }
  step.built->routing = question.routing;
  if (!design.built) design.built = graph_design(std::move(*step.built), step.own_gb_per_s);
}

void add_member(DesignAnswer& answer, JobStep step, const OptimizeQuestion& question) {
  Design& design = answer.design;
  if (step.built) add_built(question, step, design);
  if (design.models.empty()) {
    answer.machine = step.machine;
    design.network = step.network;
    design.library = step.library;
    note_all_alike(step.library, answer.notes);
    design.loop = loop_of_step(step);
  }
  require_same(design.network, step);
  Model named{.name = step.model};
  if (step.job) {
    named.tensor_parallel = step.job->parallelism.tensor;
    answer.memory.push_back({step.model, memory_fit(*step.job)});
  }
  if (step.offload) answer.offloads.push_back(std::move(*step.offload));
  answer.ignored.insert(answer.ignored.end(), step.ignored.begin(), step.ignored.end());
  for (std::string& note : step.notes) {
    const bool again = std::find(answer.notes.begin(), answer.notes.end(), note) != answer.notes.end();
    if (!again) answer.notes.push_back(std::move(note));
  }
  design.models.push_back(std::move(named));
  design.steps.push_back(std::move(step.graph));
}

// At the commas that stand in no model that is written out itself.
std::vector<std::string> words_of_group(std::string_view group) {
  std::vector<std::string> words(1);
  int depth = 0;
  bool quoted = false;
  for (const char c : group) {
    if (c == '"') quoted = !quoted;
    if (!quoted) depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    if (c == ',' && depth == 0 && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

}  // namespace

std::vector<Job> members_of(const Job& job) {
  std::vector<Job> members;
  for (const std::string& word : words_of_group(job.model)) {
    members.push_back(job);
    members.back().model = trimmed(word);
  }
  return members;
}

DesignAnswer design_of(const OptimizeQuestion& question, const Watch& watch) {
  DesignAnswer answer{.step_gb_per_s = question.step_gb_per_s};
  Design& design = answer.design;
  for (const Job& job : question.jobs)
    add_member(answer, step_of(job, options_of(question), watch), question);
  if (design.network.dimensions.empty()) {
    throw InputError("--npus 1: one NPU has no network to divide a budget over");
  }
  if (!question.weights.empty() && question.weights.size() != design.models.size()) {
    throw InputError(
        fmt::format("--weights: {} weights for {} models", question.weights.size(), design.models.size()));
  }
  if (design.library.bytes_per_second_unit() != 1e9) {
    answer.notes.push_back(fmt::format(
        "the budget and bandwidths are GB/s of 1e9 B/s; `simulate` with {} takes those given of a "
        "network for GiB/s, 1.0737 times as much",
        design.library.name));
  }
  design.weights = question.weights;
  design.normalize = question.normalize;
  design.own_links = read_flag(question.jobs.front(), &Job::own_links);
  design.prices = load_any_prices(word_of(question.jobs.front(), &Job::prices));
  design.target = question.target;
  design.budget = question.budget;
  design.constraints = question.constraints;
  if (design.loop == &trace_loop) {
    answer.holds_for = "the order of operations recorded at an equal split of the budget";
  }
  if (design.built) {
    answer.holds_for = fmt::format("routing {}, and NPUs that begin a collective together",
                                   routing_name(question.routing.routing));
  }
  answer.solver = (question.solver != nullptr ? *question.solver : solvers().front()).name;
  return answer;
}

void solve_design(DesignAnswer& answer, const OptimizeQuestion& question, const Watch& watch,
                  const std::function<void(const Iteration&)>& on_iteration) {
  DesignOptions how{.solver = question.solver, .step_gb_per_s = question.step_gb_per_s, .play = true};
  how.solver_options.stop = watch.stop;
  how.solver_options.on_iteration = on_iteration;
  answer.summary = solve(answer.design, how);
}

DesignAnswer optimize(const OptimizeQuestion& question, const Watch& watch) {
  DesignAnswer answer = design_of(question, watch);
  solve_design(answer, question, watch);
  return answer;
}

}  // namespace bandwright
