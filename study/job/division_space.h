#pragma once
#include <span>
#include <string>

#include "plan/division_space.h"
#include "study/job/job.h"

namespace bandwright {

// Decisions about a division in the words of a job: --tp 2,4,8 is a list, "any" and nothing at all is
// whatever the model, the batch and the NPUs allow.

// The members of a job that are decisions, in the order in which they are made. --sequence-parallel is one,
// too, but a flag: given it is fixed.
std::span<std::string Job::*const> division_decisions();

// Reads the word of a decision, NPU counts among them, for itself. Throws InputError, which names the option.
void check_decision(std::string Job::*word, const std::string& text);

// A job's space: without NPU counts and a global batch where it does not say them. Throws InputError, which
// names the option.
DivisionSpace division_space(const Job& job);
DivisionSpace division_space(const Job& job, TransformerArchitecture model, Machine machine);

// What an option is called on the command line is open: "auto", in place of a value.
bool is_auto(std::string_view word);
// Whether a job leaves a decision to the search, and what it says else: "auto" is the usual value.
bool leaves_open(const Job& job);
Job without_auto(Job job);

// Throws InputError: why the first combination of a space in which nothing divides cannot be.
[[noreturn]] void refuse_undivided(const DivisionSpace& space);

// The best division of a space of one NPU count; where none fits, the one with the smallest bill. Throws
// InputError where nothing divides, for the first combination of the space.
Parallelism best_division(const DivisionSpace& space);
// Of a job that leaves decisions open; the others are as it says, or usual. Throws InputError.
Parallelism open_division(const Job& job, const TransformerArchitecture& model, const Machine& machine);

// Narrows a space: "tp 8 pp 8" are pairs of an option's name and what it may be.
void narrow(DivisionSpace& space, std::string_view option, std::string_view words);

}  // namespace bandwright
