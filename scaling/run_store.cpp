#include "scaling/run_store.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/io/files.h"
#include "core/text.h"

namespace bandwright {
namespace {

DatabaseKind run_store_kind() {
  return {.what = "a store of measured runs",
          .application = 0x42575255,  // "BWRU"
          .version = 1,
          .remedy = "choose another file with --store",
          .create_tables = [](Database& database) {
            database.run(
                "CREATE TABLE scaling_runs (study TEXT NOT NULL, workers INTEGER NOT NULL, number INTEGER "
                "NOT NULL, "
                "seconds REAL NOT NULL, peak_bytes INTEGER NOT NULL, checksum TEXT NOT NULL, "
                "PRIMARY KEY (study, workers, number))");
          }};
}

std::filesystem::path in_its_folder(const std::filesystem::path& file) {
  if (file.has_parent_path()) make_folder(file.parent_path());
  return file;
}

std::string run_checksum(const std::string& study, int workers, int number, const RunRecord& run) {
  return content_hash(fmt::format("{} {} {} {} {}", study, workers, number, run.seconds, run.peak_bytes));
}

void bind_run(Statement& statement, const std::string& study, int workers, int number) {
  statement.bind(std::string_view(study)).bind(std::int64_t{workers}).bind(std::int64_t{number});
}

}  // namespace

RunStore::RunStore(const std::filesystem::path& file)
    : database_(in_its_folder(file), run_store_kind(), Database::Access::Write) {}

std::optional<RunRecord> RunStore::find(const std::string& study, int workers, int number) {
  Statement select(database_,
                   "SELECT seconds, peak_bytes, checksum FROM scaling_runs WHERE study = ? AND workers = ? "
                   "AND number = ?");
  bind_run(select, study, workers, number);
  if (!select.step()) return std::nullopt;
  try {
    const RunRecord run{.seconds = select.real(0), .peak_bytes = select.integer(1)};
    if (select.text(2) == run_checksum(study, workers, number, run)) return run;
  } catch (const InputError&) {  // a cell of another type
  }
  return std::nullopt;
}

void RunStore::save(const std::string& study, int workers, int number, const RunRecord& run) {
  Statement insert(database_, "INSERT OR REPLACE INTO scaling_runs VALUES (?, ?, ?, ?, ?, ?)");
  bind_run(insert, study, workers, number);
  insert.bind(run.seconds).bind(run.peak_bytes);
  insert.bind(std::string_view(run_checksum(study, workers, number, run))).step();
}

void RunStore::forget(const std::string& study) {
  Statement remove(database_, "DELETE FROM scaling_runs WHERE study = ?");
  remove.bind(std::string_view(study)).step();
}

}  // namespace bandwright
