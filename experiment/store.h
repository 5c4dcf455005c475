#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "experiment/points/row.h"
#include "optimizer/summary.h"

namespace bandwright {

// A result with the trace of the optimisation that found its allocation (objectives in ns, or ns x $).
struct Result {
  Row row;
  std::vector<Iteration> trace;
};

enum class Kept : std::uint8_t { No, Yes, Damaged };

class Database;

// results.sqlite: every result ever computed into an output folder, by content id, and the order in which the
// last experiment lists them. Tables (docs/results.md):
//
//   results     one row per point, the columns of row.h and a checksum of them and of the trace; id is the
//   key iterations  id, iteration, objective, lower_bound, evaluations listing     position, id: the
//   experiment's points in its order
//
// A batch is one transaction: a killed process leaves all of a batch or nothing of it, and several processes
// may write at once (they wait for each other; equal ids carry equal results). Every failure (a file of
// another version or program, a damaged one, a full disk, a folder that cannot be written) is an InputError
// that names the file and the remedy. A result that is not what was written (a flipped bit) counts as
// damaged: it never comes out, and adding it again mends it.
class ResultStore {
 public:
  enum class Access { Write, Read };
  explicit ResultStore(const std::filesystem::path& file, Access access = Access::Write);
  ~ResultStore();
  ResultStore(ResultStore&&) noexcept;
  ResultStore& operator=(ResultStore&&) noexcept;

  // Whether it has a result of each of `ids`.
  [[nodiscard]] std::vector<Kept> find(const std::vector<std::string>& ids);
  void add(const std::vector<Result>& batch);
  void list(const std::vector<std::string>& ids);  // sets the listing
  // The listed results in order; ids without a result are left out. Throws when one is damaged.
  [[nodiscard]] std::vector<Result> listed();

 private:
  std::unique_ptr<Database> database_;
};

// A store of results of an earlier version of this program, such as 0.1.
bool is_older_store(const std::filesystem::path& file);

}  // namespace bandwright
