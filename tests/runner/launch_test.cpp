// What launchers say of a process: as their environments are.
#include "runner/launch.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/refused.h"

namespace bandwright {
namespace {

using Variables = std::map<std::string, std::string>;

Environment environment_of(const Variables& set) {
  return [&set](const char* name) {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  };
}

struct LaunchCase {
  const char* name;
  Variables set;
  int processes;
  bool mpi;
  bool slurm;
  bool first;
};

TEST(Launch, IsReadFromTheEnvironment) {
  const std::vector<LaunchCase> cases = {
      {"by hand", {}, 1, false, false, true},
      {"a batch script of Slurm is one process",
       {{"SLURM_JOB_ID", "7"}, {"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}},
       1,
       false,
       false,
       true},
      {"mpirun of one", {{"OMPI_COMM_WORLD_SIZE", "1"}, {"PMIX_RANK", "0"}}, 1, true, false, true},
      {"mpirun, the third",
       {{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "2"}},
       4,
       true,
       false,
       false},
      {"mpirun, the first",
       {{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "0"}},
       4,
       true,
       false,
       true},
      {"srun with PMIx", {{"SLURM_STEP_NUM_TASKS", "4"}, {"PMIX_RANK", "3"}}, 4, true, true, false},
      {"srun without MPI", {{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "1"}}, 4, false, true, true},
      {"Hydra, the second", {{"PMI_RANK", "1"}, {"PMI_SIZE", "8"}}, 8, true, false, false},
      {"Hydra of one", {{"PMI_RANK", "0"}, {"PMI_SIZE", "1"}}, 1, true, false, true},
      {"PMIx that does not say how many", {{"PMIX_RANK", "0"}}, 0, true, false, true},
      {"sizes that are none",
       {{"OMPI_COMM_WORLD_SIZE", ""}, {"SLURM_STEP_NUM_TASKS", "many"}},
       1,
       false,
       false,
       true}};
  for (const LaunchCase& each : cases) {
    const Launch launch = read_launch(environment_of(each.set));
    EXPECT_EQ(launch.processes, each.processes) << each.name;
    EXPECT_EQ(launch.mpi, each.mpi) << each.name;
    EXPECT_EQ(launch.slurm, each.slurm) << each.name;
    EXPECT_EQ(launch.alone(), each.processes == 1) << each.name;
    EXPECT_EQ(first_of_launch(environment_of(each.set)), each.first) << each.name;
  }
}

// Alone nothing is loaded; several that do not find each other would each do all of the work.
TEST(Launch, SeveralThatDoNotFindEachOtherStop) {
  EXPECT_EQ(join_ranks({}), nullptr);
  EXPECT_EQ(join_ranks({.processes = 0}), nullptr) << "somebody alone with a library of PMIx";
  const auto said = [](const Launch& launch) { return refused([&] { return join_ranks(launch); }); };
  EXPECT_EQ(said({.processes = 4, .slurm = true}),
            "Slurm: started as one of 4 processes, but the MPI world has one: start it with srun --mpi=pmix");
  EXPECT_EQ(
      said({.processes = 3}),
      "started as one of 3 processes, but the MPI world has one: start it with the launcher of the MPI it "
      "was built with");
}

}  // namespace
}  // namespace bandwright
