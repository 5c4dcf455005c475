#pragma once
#include <functional>
#include <memory>
#include <string>

#include "runner/ranks.h"

namespace bandwright {

// What a launcher's environment says of this process.
struct Launch {
  int processes = 1;  // that were started together; 0: some, nobody says how many
  bool mpi = false;   // by a launcher of MPI's, so that they can find each other
  bool slurm = false;

  [[nodiscard]] bool alone() const { return processes == 1; }
};
using Environment = std::function<const char*(const char* name)>;  // null for a name that is not set
Launch read_launch(const Environment& environment);
// Whether this is the first of them, or by itself, as far as the environment tells.
bool first_of_launch(const Environment& environment);

// The ranks that this process is one of; null where it was started alone, or mpirun was asked for one. MPI is
// loaded here and nowhere else. Throws InputError where several were started that do not find each other:
// each would do all of the work, and write the same files.
std::unique_ptr<Ranks> join_ranks(const Launch& launch);

}  // namespace bandwright
