#pragma once
#include <optional>
#include <span>

#include "study/recipe/settings.h"
#include "workload/architecture.h"

namespace bandwright {

// A reader for each software. The job's model stays empty where the recipe does not describe it.
Recipe read_megatron_core(Settings settings, const Job& given);
Recipe read_torchtitan(Settings settings, const Job& given);

// Arguments of Megatron-Core that its reader does not use, by megatron/training/arguments.py (2025).
std::span<const KnownSetting> megatron_core_arguments();

// A model as a job's word: the name of one that comes along and has the same layers, else written out.
// `knows_vocabulary`: of one that does not, all sizes of it are the same.
std::string word_of_model(const TransformerArchitecture& model, bool knows_vocabulary);

// What takes a word's place where something else was given.
inline void set_word(std::string& word, std::int64_t value) {
  if (word.empty()) word = std::to_string(value);
}
inline void set_word(std::string& word, std::string_view value) {
  if (word.empty()) word = value;
}

}  // namespace bandwright
