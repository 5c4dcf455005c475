#include "study/plan/plan_work.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/fields.h"
#include "study/job/job_options.h"

namespace bandwright {
namespace {

std::string words_of(const Job& job) {
  std::string text = job.model;
  for (const JobOption* option : given_options(job)) {
    text += fmt::format("\n{} {}", option->name, job.*option->word);
  }
  return text;
}

std::string words_of(const DivisionSearch& search, bool prove, bool pareto, const std::string& explain) {
  return fmt::format("\n{} {} {} {} {} {} {}", plan_objective_name(search.objective), search.best,
                     search.longest_step_ns, search.most_memory_bytes, prove, pareto, explain);
}

std::string content_of(const TrainingJob& job) {
  return architecture_fields().content(job.model) + machine_fields().content(job.machine);
}

}  // namespace

std::string work_of(const PlanQuestion& question) {
  const WeighedSpace weighed = weighed_space(question.job, question.search.objective);
  return words_of(question.job) +
         words_of(question.search, question.prove, question.pareto, question.explain) +
         fmt::format("\n{}\n", fmt::join(weighed.space.weights, " ")) + content_of(weighed.space.job);
}

std::string work_of(const HardwareQuestion& question) {
  const HardwareSpace space = hardware_space(question);
  const HardwareWords& words = question.words;
  const DivisionSearch search{.objective = question.objective,
                              .best = question.search.best,
                              .longest_step_ns = question.search.longest_step_ns,
                              .most_memory_bytes = question.search.most_memory_bytes};
  return words_of(question.job) + words_of(search, question.prove, question.pareto, question.explain) +
         fmt::format("\n{} {} {}\n", words.shapes, words.dimensions, fmt::join(words.constraints, "\n")) +
         content_of(space.divisions.job) + free_hardware_fields().content(space.hardware) +
         price_list_fields().content(space.prices);
}

}  // namespace bandwright
