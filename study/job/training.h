#pragma once
#include <string>

#include "study/job/job.h"
#include "training/training_step.h"

namespace bandwright {

// A transformer on a machine, from a job's words.

// What is said of the division, without DP and the global batch; "auto" is the usual value. Throws
// InputError, which names the option.
Parallelism read_parallelism(const Job& job);

// Reads every word that training_job() reads, for themselves. Throws InputError, which names the option.
void check_words(const Job& job);

// Of a model and a machine that are at hand. What the job leaves open (--tp auto) is what makes the step the
// fastest of all that fit (study/job/division_space.h). Throws InputError for words that cannot be read, and
// for a combination that cannot be run.
TrainingJob training_job(const Job& job, TransformerArchitecture model, Machine machine);

// The job's machine, or the usual one.
Machine machine_of(const Job& job);

}  // namespace bandwright
