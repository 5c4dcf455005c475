#pragma once
#include <CLI/App.hpp>
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "core/text.h"
#include "study/job/job_options.h"
#include "study/job/offload.h"
#include "study/watch.h"

namespace bandwright {

// Registers the options of a job (study/job/job_options.h) that belong to a group, under the heading that has
// begun.
void add_job_options(CLI::App& command, Job& job, OptionGroup group);
// One of them, perhaps under other names than its own: "--workers,--npus".
CLI::Option* add_job_option(CLI::App& command, Job& job, std::string Job::*word,
                            const std::string& names = "");

// Every kind of workload, each under its heading, and prices.
void add_workload_groups(CLI::App& command, Job& job);

// --system, of old, for what is now --machine or, where a job names no number of NPUs, --library.
void add_system_option(CLI::App& command, std::string& system);
void take_system(const std::string& system, Job& job);

// Takes a positional for an option that was not given.
void take_word(std::vector<std::string>& words, std::string& option);
// <model> [<machine>] in either order, each where no option gives it. Throws InputError for one more.
void take_model_and_machine(std::vector<std::string> words, Job& job);
// With --npus a network's word is a machine's, but for a network as it is built.
void take_network_as_machine(Job& job);
// Whether the second of a machine and something else is the machine: lists of names tell, of either, and the
// first key of a file.
bool machine_is_last(const std::string& first, const std::string& last, bool usually);
// Whether a word is the name of one of a catalogue's rows.
template <class Row>
bool is_one_of(std::span<const Row> rows, std::string_view word) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const Row& row) { return equal_ignoring_case(row.name, word); });
}
// Throws InputError for words that nothing took, and a budget's where none is wanted any more.
void refuse_words(const std::vector<std::string>& words);
void refuse_second_budget(const Job& job, const std::vector<std::string>& words);

// What was ignored, a line each, on standard error.
void show_ignored(const std::vector<std::string>& ignored);
// How tensors were placed in two memories, likewise.
void show_offload(const Offload& offload);

}  // namespace bandwright
