#include "experiment/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "core/error.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr int wait_for_others_ms = 60'000;

// What went wrong and what helps, for the failures people meet.
std::string explained(int code, const char* message) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "no space is left on the disk; what was finished before is kept";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "cannot be written; check its permissions or choose another folder with --output";
    case SQLITE_CANTOPEN:
      return "cannot be opened; check that the folder can be written or choose another with --output";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fmt::format("is damaged ({}); remove it to compute the results again", message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "is in use by another program; try again when that is done";
    default:
      return message;
  }
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  sqlite3_stmt* handle = nullptr;
  check(sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr));
  handle_.reset(handle);
}

void Statement::check(int code) {
  if (code != SQLITE_OK) database_.fail(code);
}

Statement& Statement::bind(std::string_view text) {
  check(sqlite3_bind_text(handle_.get(), ++bound_, text.data(), static_cast<int>(text.size()),
                          SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(double value) {
  check(sqlite3_bind_double(handle_.get(), ++bound_, value));
  return *this;
}

Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), ++bound_, value));
  return *this;
}

Statement& Statement::bind_null() {
  check(sqlite3_bind_null(handle_.get(), ++bound_));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    sqlite3_reset(handle_.get());
    database_.fail(code);
  }
  check(sqlite3_reset(handle_.get()));
  bound_ = 0;
  return false;
}

std::string Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(handle_.get(), column);
  return text == nullptr ? std::string()
                         : std::string(reinterpret_cast<const char*>(text),
                                       static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)));
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::optional<double> Statement::real(int column) const {
  if (sqlite3_column_type(handle_.get(), column) == SQLITE_NULL) return std::nullopt;
  return sqlite3_column_double(handle_.get(), column);
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Database::Database(std::filesystem::path file, Access access) : file_(std::move(file)) {
  const int flags = SQLITE_OPEN_READWRITE | (access == Access::Write ? SQLITE_OPEN_CREATE : 0);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file_.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code);
  sqlite3_busy_timeout(handle, wait_for_others_ms);
}

void Database::run(std::string_view sql) {
  const int code = sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

void Database::transaction(const std::function<void()>& changes) {
  run("BEGIN IMMEDIATE");
  try {
    changes();
    run("COMMIT");
  } catch (...) {
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

void Database::fail(int code) {
  const std::string message = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  throw InputError({.file = file_.string()}, printable(explained(code, message.c_str())));
}

}  // namespace bandwright
