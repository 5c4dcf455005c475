#include "runner/launch.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/error.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

#ifdef BANDWRIGHT_MPI
constexpr const char* mpi_library = BANDWRIGHT_MPI;
#else
constexpr const char* mpi_library = nullptr;
#endif
constexpr const char* module_name = "bandwright_mpi.so";

std::string started_as(const Launch& launch) {
  return launch.processes > 1 ? fmt::format("started as one of {} processes", launch.processes)
                              : std::string("started by a launcher of several processes");
}

// Beside the program, or where it is installed.
fs::path module_path() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  const fs::path beside = folder / module_name;
  return fs::exists(beside, error) ? beside : folder.parent_path() / "lib" / "bandwright" / module_name;
}

std::string loader_error() {
  const char* why = ::dlerror();
  return why == nullptr ? "unknown" : why;
}

std::unique_ptr<Ranks> load_ranks(const Launch& launch) {
  if (mpi_library == nullptr) {
    throw InputError(started_as(launch) +
                     ", but this program was built without MPI: install libopenmpi-dev and build it again");
  }
  void* module = nullptr;
  if (::dlopen(mpi_library, RTLD_NOW | RTLD_GLOBAL) != nullptr) {
    module = ::dlopen(module_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  void* make = module == nullptr ? nullptr : ::dlsym(module, make_ranks_name);
  if (make == nullptr) {
    throw InputError(fmt::format("{}, but MPI cannot be loaded: {}", started_as(launch), loader_error()));
  }
  return std::unique_ptr<Ranks>(reinterpret_cast<MakeRanks*>(make)());
}

int number(const Environment& environment, const char* name) {
  const char* text = environment(name);
  return text == nullptr ? 0 : std::atoi(text);
}

}  // namespace

Launch read_launch(const Environment& environment) {
  if (const int size = number(environment, "OMPI_COMM_WORLD_SIZE"); size > 0) {
    return {.processes = size, .mpi = true};
  }
  Launch launch;
  const bool pmix = environment("PMIX_RANK") != nullptr;
  const bool pmi = environment("PMI_RANK") != nullptr;
  launch.mpi = pmix || pmi;
  // Of a step, which srun starts; a batch script by itself is one process of a job of many tasks.
  const int tasks = number(environment, "SLURM_STEP_NUM_TASKS");
  if (tasks > 0) {
    launch.slurm = true;
    launch.processes = tasks;
  } else if (launch.mpi) {
    launch.processes = number(environment, "PMI_SIZE");
  }
  return launch;
}

bool first_of_launch(const Environment& environment) {
  return number(environment, "OMPI_COMM_WORLD_RANK") == 0 && number(environment, "PMIX_RANK") == 0 &&
         number(environment, "PMI_RANK") == 0;
}

std::unique_ptr<Ranks> join_ranks(const Launch& launch) {
  if (launch.alone()) return nullptr;
  std::unique_ptr<Ranks> ranks;
  if (launch.mpi) ranks = load_ranks(launch);
  if (ranks && ranks->size() > 1) return ranks;
  if (launch.processes == 0) return nullptr;
  throw InputError(fmt::format("{}{}, but the MPI world has one: {}", launch.slurm ? "Slurm: " : "",
                               started_as(launch),
                               launch.slurm ? "start it with srun --mpi=pmix"
                                            : "start it with the launcher of the MPI it was built with"));
}

}  // namespace bandwright
