#include "study/job/table_training.h"

#include <fmt/format.h>

#include <array>

#include "core/catalogue.h"
#include "core/text.h"
#include "core/units.h"
#include "study/job/job_options.h"

namespace bandwright {
namespace {

struct TablesInfo {
  bool fused;
  std::string_view name;
  std::string_view help;
};
constexpr std::array tables_choices = {
    TablesInfo{false, "split", "each line sends its own weight gradients"},
    TablesInfo{true, "fused", "the first line sends all weight gradients"}};

bool is_fused(std::string_view word) {
  return find_in_catalogue(std::span<const TablesInfo>(tables_choices), word, "tables").fused;
}

}  // namespace

const TrainingLoop& loop_of(const Job& job) {
  return read_word(job, &Job::loop,
                   [](std::string_view name) -> const TrainingLoop& { return training_loop(name); });
}

void refuse_table_words(const Job& job, std::string_view kind) {
  constexpr std::array groups = {OptionGroup::Tables};
  constexpr std::array<std::string Job::*, 1> allowed = {&Job::loop};
  refuse_given(job, groups, allowed, fmt::format("is for layer tables; {} is {}", job.model, kind));
  if (equal_ignoring_case(word_of(job, &Job::loop), job_option(&Job::loop).usual)) return;
  throw InputError(fmt::format("training loop '{}' is for layer tables; {} is {}{}", job.loop, job.model,
                               kind, kind == "a transformer" ? ", see --overlap" : ""));
}

TableWords table_words(const Job& job, const Library& library) {
  constexpr std::array<OptionGroup, 3> groups = {OptionGroup::Divisions, OptionGroup::Finer,
                                                 OptionGroup::Memories};
  refuse_given(job, groups, {}, fmt::format("is for transformers; {} is a layer table", job.model));
  const Recompute recompute = read_word(job, &Job::recompute, [](std::string_view word) {
    return find_in_catalogue(recompute_choices(), word, "recomputation").recompute;
  });
  TableWords words{.fused = library.fused_tables, .loop = &loop_of(job)};
  if (!job.tables.empty()) words.fused = read_word(job, &Job::tables, is_fused);
  words.options = loop_options(library, *words.loop, recompute);
  if (!job.compute_scale.empty()) {
    words.options.compute_scale = read_word(
        job, &Job::compute_scale, [](std::string_view text) { return parse_number(text, 0.0, 1e6); });
  }
  return words;
}

TableTraining table_training(const Job& job, const Model& table, const Library& library) {
  const TableWords words = table_words(job, library);
  return {words.fused ? fuse_weight_gradients(table) : table, words.loop, words.options};
}

}  // namespace bandwright
