#include "scaling/run_store.h"

#include <fmt/format.h>

#include <limits>

#include "core/error.h"
#include "core/io/files.h"
#include "core/text.h"
#include "core/units.h"

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

std::string said_checksum(const std::string& study, int workers, int number, const RunRecord& run) {
  return content_hash(
      fmt::format("{} {} {} {} {}", study, workers, number, fmt::join(run.rates, " "), run.gpu_bytes));
}

void bind_run(Statement& statement, const std::string& study, int workers, int number) {
  statement.bind(std::string_view(study)).bind(std::int64_t{workers}).bind(std::int64_t{number});
}

}  // namespace

RunStore::RunStore(const std::filesystem::path& file)
    : database_(in_its_folder(file), run_store_kind(), Database::Access::Write) {
  // Beside the runs, so that stores from before there were rates go on.
  database_.run(
      "CREATE TABLE IF NOT EXISTS scaling_rates (study TEXT NOT NULL, workers INTEGER NOT NULL, number "
      "INTEGER NOT "
      "NULL, rates TEXT NOT NULL, gpu_bytes INTEGER NOT NULL, checksum TEXT NOT NULL, "
      "PRIMARY KEY (study, workers, number))");
}

std::optional<RunRecord> RunStore::find(const std::string& study, int workers, int number) {
  Statement select(database_,
                   "SELECT seconds, peak_bytes, checksum FROM scaling_runs WHERE study = ? AND workers = ? "
                   "AND number = ?");
  bind_run(select, study, workers, number);
  if (!select.step()) return std::nullopt;
  try {
    RunRecord run{.seconds = select.real(0), .peak_bytes = select.integer(1)};
    if (select.text(2) == run_checksum(study, workers, number, run) &&
        add_what_it_said(study, workers, number, run))
      return run;
  } catch (const InputError&) {  // a cell of another type
  }
  return std::nullopt;
}

bool RunStore::add_what_it_said(const std::string& study, int workers, int number, RunRecord& run) {
  Statement select(
      database_,
      "SELECT rates, gpu_bytes, checksum FROM scaling_rates WHERE study = ? AND workers = ? AND number = ?");
  bind_run(select, study, workers, number);
  if (!select.step()) return true;           // of a store from before
  const std::string rates = select.text(0);  // which the parts below look at
  for (const std::string_view rate : split(rates, ' ')) {
    if (!rate.empty()) run.rates.push_back(parse_number(rate, 0.0, std::numeric_limits<double>::max()));
  }
  run.gpu_bytes = select.integer(1);
  return select.text(2) == said_checksum(study, workers, number, run);
}

void RunStore::save(const std::string& study, int workers, int number, const RunRecord& run) {
  Statement insert(database_, "INSERT OR REPLACE INTO scaling_runs VALUES (?, ?, ?, ?, ?, ?)");
  bind_run(insert, study, workers, number);
  insert.bind(run.seconds).bind(run.peak_bytes);
  insert.bind(std::string_view(run_checksum(study, workers, number, run))).step();
  if (run.rates.empty() && run.gpu_bytes == 0) return;
  Statement said(database_, "INSERT OR REPLACE INTO scaling_rates VALUES (?, ?, ?, ?, ?, ?)");
  bind_run(said, study, workers, number);
  said.bind(std::string_view(fmt::format("{}", fmt::join(run.rates, " ")))).bind(run.gpu_bytes);
  said.bind(std::string_view(said_checksum(study, workers, number, run))).step();
}

void RunStore::forget(const std::string& study) {
  for (const char* table :
       {"DELETE FROM scaling_runs WHERE study = ?", "DELETE FROM scaling_rates WHERE study = ?"}) {
    Statement remove(database_, table);
    remove.bind(std::string_view(study)).step();
  }
}

}  // namespace bandwright
