#include "core/io/database.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr int wait_for_others_ms = 60'000;

}  // namespace

// What the library throws, as one line with the file and what helps.
template <class Work>
auto Database::explained(Work work) const -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    switch (error.getErrorCode() & 0xff) {
      case SQLITE_FULL:
        throw InputError({.file = file_.string()},
                         "no space is left on the disk; what was finished before is kept");
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        throw InputError({.file = file_.string()},
                         "is in use by another program; try again when that is done");
      case SQLITE_READONLY:
      case SQLITE_PERM:
        fail("cannot be written");
      case SQLITE_CANTOPEN:
        fail("cannot be opened");
      case SQLITE_NOTADB:
        fail("is no SQLite database");
      case SQLITE_CORRUPT:
      case SQLITE_MISMATCH:
        fail_damaged(error.what());
      default:
        fail(error.what());
    }
  }
}

void Database::fail(std::string_view problem) const {
  throw InputError({.file = file_.string()}, fmt::format("{}; {}", problem, remedy_));
}

void Database::fail_damaged(std::string_view how) const { fail(fmt::format("is damaged ({})", how)); }

Database::Database(std::filesystem::path file, const DatabaseKind& kind, Access access)
    : file_(std::move(file)), remedy_(kind.remedy) {
  const int create = access == Access::Write ? SQLite::OPEN_CREATE : 0;
  connection_ = explained([&] {
    return std::make_unique<SQLite::Database>(file_.string(), SQLite::OPEN_READWRITE | create,
                                              wait_for_others_ms);
  });
  // One that another program has called its own is not empty, though it has no tables yet.
  const auto is_empty = [&] { return pragma("schema_version") == 0 && pragma("application_id") == 0; };
  if (access == Access::Write && is_empty()) {
    transaction([&] {
      if (!is_empty()) return;  // another process was faster
      kind.create_tables(*this);
      run(fmt::format("PRAGMA application_id = {}", kind.application));
      run(fmt::format("PRAGMA user_version = {}", kind.version));
    });
  }
  check_kind(kind);
}

Database::~Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

std::int64_t Database::pragma(std::string_view name) {
  Statement statement(*this, fmt::format("PRAGMA {}", name));
  statement.step();
  return statement.integer(0);
}

void Database::check_kind(const DatabaseKind& kind) {
  if (pragma("application_id") != kind.application) fail(fmt::format("is not {}", kind.what));
  if (const std::int64_t found = pragma("user_version"); found != kind.version) {
    fail(fmt::format("has tables of version {}, this program reads version {}", found, kind.version));
  }
  Statement check(*this, "PRAGMA quick_check(1)");
  if (!check.step()) fail_damaged("its check gives no answer");
  if (const std::string found = check.text(0); found != "ok") fail_damaged(printable(found));
}

void Database::run(std::string_view sql) {
  explained([&] { connection_->exec(std::string(sql)); });
}

void Database::transaction(const std::function<void()>& changes) {
  explained([&] {
    SQLite::Transaction transaction(*connection_, SQLite::TransactionBehavior::IMMEDIATE);
    changes();
    transaction.commit();
  });
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  statement_ = database_.explained(
      [&] { return std::make_unique<SQLite::Statement>(*database_.connection_, std::string(sql)); });
}

Statement::~Statement() = default;

Statement& Statement::bind(std::string_view text) {
  database_.explained([&] { statement_->bind(++bound_, std::string(text)); });
  return *this;
}

Statement& Statement::bind(double value) {
  database_.explained([&] { statement_->bind(++bound_, value); });
  return *this;
}

Statement& Statement::bind(std::int64_t value) {
  database_.explained([&] { statement_->bind(++bound_, value); });
  return *this;
}

Statement& Statement::bind_null() {
  database_.explained([&] { statement_->bind(++bound_); });
  return *this;
}

bool Statement::step() {
  return database_.explained([&] {
    if (statement_->executeStep()) return true;
    reset();
    return false;
  });
}

void Statement::reset() {
  statement_->tryReset();
  bound_ = 0;
}

std::string Statement::text(int column) const {
  const SQLite::Column cell = statement_->getColumn(column);
  if (!cell.isText()) database_.fail_damaged(fmt::format("column {} is no text", cell.getName()));
  return cell.getString();
}

std::int64_t Statement::integer(int column) const {
  const SQLite::Column cell = statement_->getColumn(column);
  if (!cell.isInteger()) database_.fail_damaged(fmt::format("column {} is no whole number", cell.getName()));
  return cell.getInt64();
}

double Statement::real(int column) const {
  const SQLite::Column cell = statement_->getColumn(column);
  if (!cell.isFloat() && !cell.isInteger()) {
    database_.fail_damaged(fmt::format("column {} is no number", cell.getName()));
  }
  return cell.getDouble();
}

std::optional<double> Statement::real_or_null(int column) const {
  if (statement_->getColumn(column).isNull()) return std::nullopt;
  return real(column);
}

}  // namespace bandwright
