#include "study/job/division_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"
#include "study/job/job_options.h"
#include "study/job/training.h"

namespace bandwright {
namespace {

constexpr std::int64_t most = std::int64_t{1} << 24;

constexpr std::array decisions = {
    &Job::tp,          &Job::cp,   &Job::pp,       &Job::ep, &Job::virtual_stages,
    &Job::micro_batch, &Job::zero, &Job::recompute};

bool is_any(std::string_view text) { return text.empty() || equal_ignoring_case(text, "any"); }

// "1,2,4", each once and ascending, or "any".
std::vector<std::int64_t> numbers(std::string_view option, std::string_view text, std::int64_t low,
                                  std::int64_t high) {
  if (is_any(text)) return {};
  return parse_option(option, text, [&](std::string_view list) {
    std::vector<std::int64_t> values;
    for (const std::string_view word : split(list, ',')) {
      values.push_back(parse_integer(trimmed(word), low, high));
    }
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
  if (word == &Job::tp) space.tensor = numbers(option, text, 1, most);
  if (word == &Job::cp) space.context = numbers(option, text, 1, most);
  if (word == &Job::pp) space.pipeline = numbers(option, text, 1, most);
  if (word == &Job::ep) space.expert = numbers(option, text, 1, most);
  if (word == &Job::virtual_stages) space.virtual_stages = numbers(option, text, 1, most);
  if (word == &Job::micro_batch) space.micro_batch = numbers(option, text, 1, most);
  if (word == &Job::zero) space.zero = numbers(option, text, 0, 3);
  if (word == &Job::recompute) space.recompute = recomputations(option, text);
}

}  // namespace

std::span<std::string Job::*const> division_decisions() { return decisions; }

DivisionSpace division_space(const Job& job) {
  return division_space(job, load_architecture(job.model), machine_of(job));
}

DivisionSpace division_space(const Job& job, TransformerArchitecture model, Machine machine) {
  Job rest = job;  // what is no decision
  for (std::string Job::*const word : decisions) (rest.*word).clear();
  rest.sequence_parallel.clear();
  DivisionSpace space{.job = {std::move(model), std::move(machine), read_parallelism(rest)}};
  if (!rest.sequence.empty()) space.job.model.sequence = read_count(rest, &Job::sequence);
  if (space.job.parallelism.overlap_tensor) {
    throw InputError("--overlap: tensor has no limit in the model yet, so that a search would lean on it");
  }
  space.npus = numbers("--npus", rest.npus, 1, most);
  if (space.npus.empty()) throw InputError("--npus: expected a number of NPUs, or a list of them");
  space.job.parallelism.global_batch = read_count(rest, &Job::global_batch);
  for (std::string Job::*const word : decisions) {
    decide(space, word, typed_name(job_option(word)), job.*word);
  }
  if (!job.sequence_parallel.empty()) space.sequence_parallel = {read_flag(job, &Job::sequence_parallel)};
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

}  // namespace bandwright
