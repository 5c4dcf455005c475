#include "scaling/run_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <string_view>
#include <system_error>

#include "core/error.h"

namespace bandwright {

struct RunStore::Connection {
  sqlite3* database = nullptr;
  std::string file;

  [[noreturn]] void fail() const {
    throw InputError(Place{.file = file},
                     fmt::format("not a usable store of runs: {}", sqlite3_errmsg(database)));
  }
  void check(int status) const {
    if (status != SQLITE_OK && status != SQLITE_ROW && status != SQLITE_DONE) fail();
  }
};

void RunStore::Close::operator()(Connection* connection) const {
  sqlite3_close(connection->database);
  delete connection;
}

namespace {

// A prepared statement with parameters bound from 1 on.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql) {
    status_ = sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  Statement& bind(int index, const std::string& text) {
    return note(sqlite3_bind_text(statement_, index, text.c_str(), -1, SQLITE_TRANSIENT));
  }
  Statement& bind(int index, std::int64_t number) {
    return note(sqlite3_bind_int64(statement_, index, number));
  }
  Statement& bind(int index, double number) { return note(sqlite3_bind_double(statement_, index, number)); }

  int step() {
    if (status_ == SQLITE_OK) status_ = sqlite3_step(statement_);
    return status_;
  }
  [[nodiscard]] double number(int column) const { return sqlite3_column_double(statement_, column); }
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  Statement& note(int status) {
    if (status_ == SQLITE_OK) status_ = status;
    return *this;
  }

  sqlite3_stmt* statement_ = nullptr;
  int status_ = SQLITE_OK;
};

}  // namespace

RunStore::RunStore(const std::filesystem::path& file) : connection_(new Connection{.file = file.string()}) {
  std::error_code ignored;  // a folder that cannot be made shows when the file is opened
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
  connection_->check(sqlite3_open(file.c_str(), &connection_->database));
  sqlite3_busy_timeout(connection_->database, 10'000);
  Statement create(connection_->database,
                   "CREATE TABLE IF NOT EXISTS scaling_runs (study TEXT NOT NULL, workers INTEGER NOT NULL, "
                   "number INTEGER NOT NULL, seconds REAL NOT NULL, peak_bytes INTEGER NOT NULL, "
                   "PRIMARY KEY (study, workers, number))");
  connection_->check(create.step());
}

std::optional<RunRecord> RunStore::find(const std::string& study, int workers, int number) const {
  Statement select(
      connection_->database,
      "SELECT seconds, peak_bytes FROM scaling_runs WHERE study = ? AND workers = ? AND number = ?");
  const int status =
      select.bind(1, study).bind(2, std::int64_t{workers}).bind(3, std::int64_t{number}).step();
  connection_->check(status);
  if (status != SQLITE_ROW) return std::nullopt;
  return RunRecord{.seconds = select.number(0), .peak_bytes = select.integer(1)};
}

void RunStore::save(const std::string& study, int workers, int number, const RunRecord& run) {
  Statement insert(connection_->database, "INSERT OR REPLACE INTO scaling_runs VALUES (?, ?, ?, ?, ?)");
  insert.bind(1, study).bind(2, std::int64_t{workers}).bind(3, std::int64_t{number});
  connection_->check(insert.bind(4, run.seconds).bind(5, run.peak_bytes).step());
}

void RunStore::forget(const std::string& study) {
  Statement remove(connection_->database, "DELETE FROM scaling_runs WHERE study = ?");
  connection_->check(remove.bind(1, study).step());
}

}  // namespace bandwright
