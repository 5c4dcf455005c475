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

// Throws InputError, which names the option.
DivisionSpace division_space(const Job& job);
DivisionSpace division_space(const Job& job, TransformerArchitecture model, Machine machine);

// Narrows a space: "tp 8 pp 8" are pairs of an option's name and what it may be.
void narrow(DivisionSpace& space, std::string_view option, std::string_view words);

}  // namespace bandwright
