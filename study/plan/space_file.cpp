#include "study/plan/space_file.h"

#include <fmt/format.h>

#include "core/fields.h"
#include "study/job/division_space.h"
#include "study/job/job_options.h"
#include "study/job/training.h"

namespace bandwright {
namespace {

// A word as a job has it, from a value or a list of values.
std::string joined(const YamlValue& value) {
  if (!value.is_list()) return value.as_string();
  std::string text;
  for (const YamlValue& item : value.items()) text += (text.empty() ? "" : ",") + item.as_string();
  if (text.empty()) value.fail("an empty list, expected at least one value");
  return text;
}

// Throws InputError at the value's place, whose key says which option it is.
template <class Check>
void check_at(const YamlValue& value, std::string_view option, Check check) {
  try {
    check();
  } catch (const InputError& error) {
    std::string_view problem = error.what();
    const std::string named = std::string(option) + ": ";
    if (problem.substr(0, named.size()) == named) problem.remove_prefix(named.size());
    value.fail(problem);
  }
}

FieldShape shape(std::string_view expected) {
  return {.form = FieldShape::Form::Text, .expected = std::string(expected)};
}

YamlTree written(const std::string& text) { return text.empty() ? YamlTree() : YamlTree::quoted(text); }

Kind<std::string> decision(std::string Job::*word) {
  return {[word](const YamlValue& value) {
            std::string text = joined(value);
            check_at(value, typed_name(job_option(word)), [&] { check_decision(word, text); });
            return text;
          },
          written, shape("a value, a list, a range such as 2..8, or any")};
}

Kind<std::string> joined_text(std::string_view expected) { return {joined, written, shape(expected)}; }

Kind<std::string> job_word(std::string Job::*word) {
  return {[word](const YamlValue& value) {
            Job alone;
            alone.*word = joined(value);
            check_at(value, typed_name(job_option(word)), [&] { check_words(alone); });
            return alone.*word;
          },
          written, shape(job_option(word).type)};
}

Kind<std::string> search_word(std::string SearchWords::*word, std::string_view option,
                              std::string_view expected) {
  return {[=](const YamlValue& value) {
            SearchWords alone;
            alone.*word = value.as_string();
            check_at(value, option, [&] { static_cast<void>(read_search(alone)); });
            return alone.*word;
          },
          written, shape(expected)};
}

}  // namespace

DivisionSearch read_search(const SearchWords& words) {
  DivisionSearch search;
  if (!words.minimize.empty()) search.objective = parse_option("--minimize", words.minimize, plan_objective);
  if (!words.best.empty()) {
    search.best = static_cast<std::size_t>(parse_option(
        "--best", words.best, [](std::string_view text) { return parse_integer(text, 1, 10'000); }));
  }
  if (!words.max_step.empty()) {
    search.longest_step_ns = to_ns(parse_option("--max-step", words.max_step, parse_time));
    if (search.longest_step_ns <= 0.0) throw InputError("--max-step: 0, expected a time");
  }
  if (!words.max_memory.empty()) {
    search.most_memory_bytes = to_double(parse_option("--max-memory", words.max_memory, parse_bytes));
    if (search.most_memory_bytes <= 0.0) throw InputError("--max-memory: 0, expected bytes");
  }
  return search;
}

const Fields<SpaceFile>& space_fields() {
  using S = SpaceFile;
  static const Fields<S> fields(
      "space", "divisions of a training step, of which `plan` finds the best",
      optional("help", &S::help, kinds::text(), "what it is, for people"),
      required("model", &S::model, kinds::text(), "a transformer: a name or a file"),
      optional("machine", &S::machine, kinds::text(), "a name or a file"),
      optional("npu", &S::npu, kinds::text(),
               "in its place, an NPU whose network is bought within the budget"),
      optional("budget", &S::budget, kinds::text(), "GB/s per NPU, or dollars for the network as $15M"),
      optional("hardware", &S::hardware, kinds::text(), "classes of dimensions: a name or a file"),
      optional("shapes", &S::shapes, joined_text("any, or networks as Ring(8)_Switch(128)"),
               "of the network"),
      optional("dimensions", &S::dimensions, kinds::text(), "at most so many, 1 to 4"),
      optional("constraints", &S::constraints, kinds::list(kinds::text()),
               "on what is bought, as `optimize` has them"),
      required("npus", &S::npus, decision(&Job::npus), "NPU counts"),
      required("global_batch", &S::global_batch, job_word(&Job::global_batch), "sequences of a step"),
      optional("tp", &S::tp, decision(&Job::tp), "tensor parallel"),
      optional("cp", &S::cp, decision(&Job::cp), "context parallel"),
      optional("pp", &S::pp, decision(&Job::pp), "pipeline stages"),
      optional("ep", &S::ep, decision(&Job::ep), "expert parallel"),
      optional("virtual_stages", &S::virtual_stages, decision(&Job::virtual_stages), "chunks per stage"),
      optional("micro_batch", &S::micro_batch, decision(&Job::micro_batch), "sequences of one pass"),
      optional("zero", &S::zero, decision(&Job::zero), "ZeRO stages"),
      optional("recompute", &S::recompute, decision(&Job::recompute), "none, selective, full"),
      optional("sequence_parallel", &S::sequence_parallel, decision(&Job::sequence_parallel),
               "norms divided over TP as well: true, false or any"),
      optional("sequence", &S::sequence, job_word(&Job::sequence), "tokens, where not the model's own"),
      optional("precision", &S::precision, job_word(&Job::precision), "of matrix units"),
      optional("attention", &S::attention, job_word(&Job::attention), "kernels"),
      optional("overlap", &S::overlap, job_word(&Job::overlap), "what runs beside compute"),
      optional("dispatch", &S::dispatch, job_word(&Job::dispatch), "of tokens to experts"),
      optional("placement", &S::placement, job_word(&Job::placement), "of groups over dimensions"),
      optional("schedule", &S::schedule, job_word(&Job::schedule), "where there are no virtual stages"),
      optional("bucket", &S::bucket, job_word(&Job::bucket), "of gradients"),
      optional("minimize", &S::minimize, search_word(&SearchWords::minimize, "--minimize", "an objective"),
               "time, cost-per-token, network-cost or perf-per-cost"),
      optional("max_step", &S::max_step, search_word(&SearchWords::max_step, "--max-step", "a time"),
               "the longest step that will do"),
      optional("max_memory", &S::max_memory, search_word(&SearchWords::max_memory, "--max-memory", "bytes"),
               "of an NPU, where not all of it may be taken"),
      optional("best", &S::best, search_word(&SearchWords::best, "--best", "1 to 10000"), "rows"),
      optional("prices", &S::prices, kinds::text(), "of the network: a name or a file"),
      optional("pareto", &S::pareto, kinds::flag(), "the best of each NPU count that none beats"));
  return fields;
}

PlanQuestion read_space(const YamlValue& root) {
  SpaceFile file = space_fields().read(root);
  PlanQuestion question{.search = read_search({file.minimize, file.best, file.max_step, file.max_memory}),
                        .pareto = file.pareto};
  Job& job = question.job;
  const std::pair<std::string Job::*, std::string SpaceFile::*> words[] = {
      {&Job::model, &SpaceFile::model},
      {&Job::machine, &SpaceFile::machine},
      {&Job::npus, &SpaceFile::npus},
      {&Job::global_batch, &SpaceFile::global_batch},
      {&Job::tp, &SpaceFile::tp},
      {&Job::cp, &SpaceFile::cp},
      {&Job::pp, &SpaceFile::pp},
      {&Job::ep, &SpaceFile::ep},
      {&Job::virtual_stages, &SpaceFile::virtual_stages},
      {&Job::micro_batch, &SpaceFile::micro_batch},
      {&Job::zero, &SpaceFile::zero},
      {&Job::recompute, &SpaceFile::recompute},
      {&Job::sequence_parallel, &SpaceFile::sequence_parallel},
      {&Job::sequence, &SpaceFile::sequence},
      {&Job::precision, &SpaceFile::precision},
      {&Job::attention, &SpaceFile::attention},
      {&Job::overlap, &SpaceFile::overlap},
      {&Job::dispatch, &SpaceFile::dispatch},
      {&Job::placement, &SpaceFile::placement},
      {&Job::schedule, &SpaceFile::schedule},
      {&Job::bucket, &SpaceFile::bucket},
      {&Job::prices, &SpaceFile::prices},
      {&Job::budget, &SpaceFile::budget}};
  for (const auto& [word, member] : words) job.*word = std::move(file.*member);
  return question;
}

HardwareWords hardware_words(const YamlValue& root) {
  SpaceFile file = space_fields().read(root);
  return {.npu = std::move(file.npu),
          .hardware = std::move(file.hardware),
          .shapes = std::move(file.shapes),
          .dimensions = std::move(file.dimensions),
          .constraints = std::move(file.constraints)};
}

}  // namespace bandwright
