#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/io/database.h"

namespace bandwright {

// What was finished of the runs of a crew (runner/crew.h), in an SQLite file: the same work, ended at any
// moment, goes on from there. Each piece has a checksum; one that is damaged is computed again.
class Checkpoint {
 public:
  // Makes the file where it is missing. Throws InputError for a file of another kind, or of other work.
  // work: what it is, wholly: what is finished of other work would be wrong here.
  Checkpoint(std::filesystem::path file, std::string_view work);

  // Finished pieces of a run, as put(): number and bytes of each.
  [[nodiscard]] std::string finished(std::uint32_t run);

  // One at a time. In the file a fifth of a second later at most, or after save().
  void keep(std::uint32_t run, std::size_t piece, std::string_view bytes);
  void save();

 private:
  Database database_;
  std::string waiting_;  // put(): run, piece, bytes
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

}  // namespace bandwright
