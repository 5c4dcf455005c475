#include "study/job/division_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"
#include "plan/division_search.h"
#include "study/job/job_options.h"
#include "study/job/training.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

constexpr std::int64_t largest_count = std::int64_t{1} << 24;

constexpr std::array decisions = {
    &Job::tp,          &Job::cp,   &Job::pp,       &Job::ep, &Job::virtual_stages,
    &Job::micro_batch, &Job::zero, &Job::recompute};

bool is_any(std::string_view text) {
  return text.empty() || equal_ignoring_case(text, "any") || is_auto(text);
}

// "4" or "2..8"
void add_numbers(std::string_view word, std::int64_t low, std::int64_t high,
                 std::vector<std::int64_t>& values) {
  constexpr std::int64_t most_in_range = 100'000;
  const std::size_t dots = word.find("..");
  if (dots == std::string_view::npos) return values.push_back(parse_integer(word, low, high));
  const std::int64_t first = parse_integer(trimmed(word.substr(0, dots)), low, high);
  const std::int64_t last = parse_integer(trimmed(word.substr(dots + 2)), low, high);
  if (last < first || last - first >= most_in_range) {
    throw InputError(
        fmt::format("'{}', expected a range of 1 to {} numbers", printable(word), most_in_range));
  }
  for (std::int64_t n = first; n <= last; ++n) values.push_back(n);
}

// "1,2,4", each once and ascending, or "any".
std::vector<std::int64_t> numbers(std::string_view option, std::string_view text, std::int64_t low,
                                  std::int64_t high) {
  if (is_any(text)) return {};
  return parse_option(option, text, [&](std::string_view list) {
    std::vector<std::int64_t> values;
    for (const std::string_view word : split(list, ',')) add_numbers(trimmed(word), low, high, values);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
  });
}

std::vector<Recomputation> recomputations(std::string_view option, std::string_view text) {
  std::vector<Recomputation> values;
  if (is_any(text)) return values;
  for (const std::string_view each : split(text, ',')) {
    values.push_back(parse_option(option, trimmed(each), recomputation));
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

void decide(DivisionSpace& space, std::string Job::*word, std::string_view option, std::string_view text) {
  if (word == &Job::tp) space.tensor = numbers(option, text, 1, largest_count);
  if (word == &Job::cp) space.context = numbers(option, text, 1, largest_count);
  if (word == &Job::pp) space.pipeline = numbers(option, text, 1, largest_count);
  if (word == &Job::ep) space.expert = numbers(option, text, 1, largest_count);
  if (word == &Job::virtual_stages) space.virtual_stages = numbers(option, text, 1, largest_count);
  if (word == &Job::micro_batch) space.micro_batch = numbers(option, text, 1, largest_count);
  if (word == &Job::zero) space.zero = numbers(option, text, 0, 3);
  if (word == &Job::recompute) space.recompute = recomputations(option, text);
}

// "true", "false,true"
std::vector<bool> flags(std::string_view option, std::string_view text) {
  std::vector<bool> values;
  if (is_any(text)) return values;
  for (const bool value : {false, true}) {
    for (const std::string_view word : split(text, ',')) {
      const bool yes = equal_ignoring_case(trimmed(word), "true");
      if (!yes && !equal_ignoring_case(trimmed(word), "false")) {
        throw InputError(fmt::format("{}: '{}', expected true or false", option, printable(word)));
      }
      if (yes != value) continue;
      values.push_back(value);
      break;
    }
  }
  return values;
}

}  // namespace

void check_decision(std::string Job::*word, const std::string& text) {
  const std::string option = typed_name(job_option(word));
  DivisionSpace space;
  if (word == &Job::npus) static_cast<void>(numbers(option, text, 1, largest_count));
  if (word == &Job::sequence_parallel) static_cast<void>(flags(option, text));
  decide(space, word, option, text);
}

std::span<std::string Job::*const> division_decisions() { return decisions; }

DivisionSpace division_space(const Job& job) {
  return division_space(job, load_architecture(job.model), machine_of(job));
}

DivisionSpace division_space(const Job& job, TransformerArchitecture model, Machine machine) {
  Job rest = job;  // what is no decision
  for (std::string Job::*const word : decisions) (rest.*word).clear();
  rest.sequence_parallel.clear();
  DivisionSpace space{.job = {std::move(model), std::move(machine), read_parallelism(rest)}};
  space.job.parallelism.compiled = space.job.machine.npu.compiled;
  if (!rest.sequence.empty()) space.job.model.sequence = read_count(rest, &Job::sequence);
  if (space.job.parallelism.overlap_tensor) {
    throw InputError("--overlap: tensor has no limit in the model yet, so that a search would lean on it");
  }
  static_cast<void>(space.job.machine.npu.peak(space.job.parallelism.precision));  // has such units
  space.npus = numbers("--npus", rest.npus, 1, largest_count);
  constexpr std::int64_t sequences_per_npu =
      2;  // where the batch is left open; divisions share one to compare
  if (!rest.global_batch.empty()) {
    space.job.parallelism.global_batch = read_count(rest, &Job::global_batch);
  } else if (!space.npus.empty()) {
    space.job.parallelism.global_batch =
        sequences_per_npu * *std::max_element(space.npus.begin(), space.npus.end());
  }
  for (std::string Job::*const word : decisions) {
    decide(space, word, typed_name(job_option(word)), job.*word);
  }
  space.sequence_parallel = flags("--sequence-parallel", job.sequence_parallel);
  return space;
}

void narrow(DivisionSpace& space, std::string_view option, std::string_view pairs) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(pairs, ' ')) {
    if (!trimmed(word).empty()) words.push_back(trimmed(word));
  }
  if (words.empty() || words.size() % 2 != 0) {
    throw InputError(fmt::format("{}: expected pairs such as 'tp 8 pp 8'", option));
  }
  std::vector<std::string> known;
  for (std::string Job::*const word : decisions) known.push_back(typed_name(job_option(word)).substr(2));
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const auto found = std::find(known.begin(), known.end(), words[i]);
    if (found == known.end()) {
      throw InputError(fmt::format("{}: '{}' is no decision, expected one of {}", option, printable(words[i]),
                                   fmt::join(known, ", ")));
    }
    decide(space, decisions[static_cast<std::size_t>(found - known.begin())],
           fmt::format("{}: {}", option, *found), words[i + 1]);
  }
}

bool is_auto(std::string_view word) { return equal_ignoring_case(word, "auto"); }

bool leaves_open(const Job& job) {
  return std::any_of(decisions.begin(), decisions.end(), [&](auto word) { return is_auto(job.*word); });
}

Job without_auto(Job job) {
  for (std::string Job::*const word : decisions) {
    if (is_auto(job.*word)) (job.*word).clear();
  }
  return job;
}

namespace {

template <class Value>
Value first_of(const std::vector<Value>& values, Value usual) {
  return values.empty() ? usual : values.front();
}

}  // namespace

void refuse_undivided(const DivisionSpace& space) {
  Parallelism p = space.job.parallelism;
  p.tensor = first_of<std::int64_t>(space.tensor, 1);
  p.context = first_of<std::int64_t>(space.context, 1);
  p.pipeline = first_of<std::int64_t>(space.pipeline, 1);
  p.expert = first_of<std::int64_t>(space.expert, 1);
  p.virtual_stages = first_of<std::int64_t>(space.virtual_stages, 1);
  p.schedule = schedule_of(p, p.virtual_stages);
  p.micro_batch = first_of<std::int64_t>(space.micro_batch, 1);
  p.zero = static_cast<int>(first_of<std::int64_t>(space.zero, 0));
  fill_data_parallel(p, space.npus[0]);
  validate(space.job.model, p);
  static_cast<void>(parallel_groups(space.job.machine.network(space.npus[0]), p));
  throw InputError("no combination of these choices divides the model, the batch and the NPUs");
}

Parallelism best_division(const DivisionSpace& space) {
  const RankedDivisions found = best_divisions(space, {.best = 1});
  if (!found.obstacles.empty()) throw InputError(found.obstacles.front());
  if (!found.best.empty()) return found.best[0].parallelism;
  if (!found.smallest.empty()) return found.smallest[0].parallelism;
  refuse_undivided(space);
}

Parallelism open_division(const Job& job, const TransformerArchitecture& model, const Machine& machine) {
  Job all = job;
  for (std::string Job::*const word : decisions) {
    if ((all.*word).empty()) all.*word = std::string(word_of(job, word));
  }
  if (all.sequence_parallel.empty()) all.sequence_parallel = word_of(job, &Job::sequence_parallel);
  const DivisionSpace space = division_space(all, model, machine);
  if (space.npus.size() != 1) throw InputError("--npus: expected a number of NPUs");
  return best_division(space);
}

}  // namespace bandwright
