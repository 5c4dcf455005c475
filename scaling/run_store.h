#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/io/database.h"

namespace bandwright {

// One timed run of a command, as it is kept.
struct RunRecord {
  double seconds = 0.0;
  std::int64_t peak_bytes = 0;
  std::vector<double> rates = {};  // that it printed
  std::int64_t gpu_bytes = 0;      // on the fullest GPU; 0 where there is none
};

// Finished runs in an SQLite file of its own, each written in a transaction of its own: a measurement that is
// interrupted loses the run it was in and no other. A run is known by its study (the command and how it is
// run), its worker count and its number. Throws InputError naming the file when it cannot be opened, belongs
// to another program (which is then left as it is), or cannot be written.
class RunStore {
 public:
  explicit RunStore(const std::filesystem::path& file);

  // A run that is not what was written (a flipped bit) is none.
  [[nodiscard]] std::optional<RunRecord> find(const std::string& study, int workers, int number);
  void save(const std::string& study, int workers, int number, const RunRecord& run);
  void forget(const std::string& study);

 private:
  // Rates and GPU memory of a run; whether they are what was written.
  bool add_what_it_said(const std::string& study, int workers, int number, RunRecord& run);
  Database database_;
};

}  // namespace bandwright
