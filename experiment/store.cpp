#include "experiment/store.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "experiment/database.h"

namespace bandwright {
namespace {

// In the file's header: "BWRS", and the version of the tables, which changes with the columns.
constexpr std::int64_t application = 0x42575253;
constexpr std::int64_t version = 2;

std::string_view sql_type(const Column& column) {
  struct Type {
    std::string_view operator()(std::string Row::*) const { return "TEXT NOT NULL"; }
    std::string_view operator()(std::int64_t Row::*) const { return "INTEGER NOT NULL"; }
    std::string_view operator()(double Row::*) const { return "REAL NOT NULL"; }
    std::string_view operator()(std::optional<double> Row::*) const { return "REAL"; }
    std::string_view operator()(std::vector<double> Row::*) const { return "TEXT NOT NULL"; }
  };
  return std::visit(Type{}, column.field);
}

std::string joined(std::string_view prefix, std::string_view separator,
                   const std::function<std::string(const Column&)>& part) {
  std::string sql(prefix);
  for (const Column& column : columns())
    sql += (sql.size() == prefix.size() ? "" : std::string(separator)) + part(column);
  return sql;
}

std::string names() {
  return joined("", ", ", [](const Column& column) { return "results." + std::string(column.name); });
}

void create_tables(Database& database) {
  database.run(joined("CREATE TABLE results (", ", ",
                      [](const Column& column) {
                        return fmt::format("{} {}{}", column.name, sql_type(column),
                                           column.name == "id" ? " PRIMARY KEY" : "");
                      }) +
               ") WITHOUT ROWID");
  database.run(
      "CREATE TABLE iterations (id TEXT NOT NULL, iteration INTEGER NOT NULL, objective REAL NOT NULL, "
      "lower_bound REAL, evaluations INTEGER NOT NULL, PRIMARY KEY (id, iteration)) WITHOUT ROWID");
  database.run("CREATE TABLE listing (position INTEGER PRIMARY KEY, id TEXT NOT NULL)");
  database.run(fmt::format("PRAGMA application_id = {}", application));
  database.run(fmt::format("PRAGMA user_version = {}", version));
}

std::int64_t pragma(Database& database, std::string_view name) {
  Statement statement(database, fmt::format("PRAGMA {}", name));
  statement.step();
  return statement.integer(0);
}

[[noreturn]] void refuse(const Database& database, std::string_view problem) {
  throw InputError({.file = database.file().string()},
                   fmt::format("{}; remove it or choose another folder with --output", problem));
}

void check_version(Database& database) {
  if (pragma(database, "application_id") != application) refuse(database, "is not a store of results");
  const std::int64_t found = pragma(database, "user_version");
  if (found != version) {
    refuse(database, fmt::format("has tables of version {}, this program reads version {}", found, version));
  }
}

// Binds or reads one cell by the kind of its column.
struct Bind {
  Statement& statement;
  const Row& row;
  const Column& column;
  void operator()(std::string Row::*field) const { statement.bind(std::string_view(row.*field)); }
  void operator()(std::int64_t Row::*field) const { statement.bind(row.*field); }
  void operator()(double Row::*field) const { statement.bind(row.*field); }
  void operator()(std::optional<double> Row::*field) const {
    if (row.*field) {
      statement.bind(*(row.*field));
    } else {
      statement.bind_null();
    }
  }
  void operator()(std::vector<double> Row::*) const {
    statement.bind(std::string_view(cell_text(row, column)));
  }
};

struct Read {
  const Statement& statement;
  Row& row;
  const Column& column;
  int index;
  void operator()(std::string Row::*field) const { row.*field = statement.text(index); }
  void operator()(std::int64_t Row::*field) const { row.*field = statement.integer(index); }
  void operator()(double Row::*field) const { row.*field = statement.real(index).value_or(0.0); }
  void operator()(std::optional<double> Row::*field) const { row.*field = statement.real(index); }
  void operator()(std::vector<double> Row::*) const { set_cell(row, column, statement.text(index)); }
};

Row read_row(const Statement& statement) {
  Row row;
  int index = 0;
  for (const Column& column : columns()) std::visit(Read{statement, row, column, index++}, column.field);
  return row;
}

std::vector<Iteration> read_trace(Statement& iterations, const std::string& id) {
  std::vector<Iteration> trace;
  iterations.bind(std::string_view(id));
  while (iterations.step()) {
    Iteration iteration{.number = static_cast<int>(iterations.integer(0)),
                        .objective = iterations.real(1).value_or(0.0),
                        .evaluations = static_cast<int>(iterations.integer(3))};
    if (const auto bound = iterations.real(2)) iteration.lower_bound = *bound;
    trace.push_back(iteration);
  }
  return trace;
}

void add_trace(Statement& insert, const std::string& id, const Iteration& iteration) {
  insert.bind(std::string_view(id)).bind(std::int64_t{iteration.number}).bind(iteration.objective);
  if (std::isfinite(iteration.lower_bound)) {
    insert.bind(iteration.lower_bound);
  } else {
    insert.bind_null();
  }
  insert.bind(std::int64_t{iteration.evaluations});
  insert.step();
}

}  // namespace

class ResultStore::Database : public bandwright::Database {
 public:
  using bandwright::Database::Database;
};

ResultStore::ResultStore(const std::filesystem::path& file, Access access)
    : database_(std::make_unique<Database>(
          file, access == Access::Write ? Database::Access::Write : Database::Access::Read)) {
  if (access == Access::Write) {
    database_->transaction([&] {
      Statement tables(*database_, "SELECT count(*) FROM sqlite_master");
      tables.step();
      if (tables.integer(0) == 0) create_tables(*database_);
    });
  }
  check_version(*database_);
}

ResultStore::~ResultStore() = default;
ResultStore::ResultStore(ResultStore&&) noexcept = default;
ResultStore& ResultStore::operator=(ResultStore&&) noexcept = default;

std::vector<bool> ResultStore::has(const std::vector<std::string>& ids) {
  std::vector<bool> found;
  Statement select(*database_, "SELECT 1 FROM results WHERE id = ?");
  for (const std::string& id : ids) {
    found.push_back(select.bind(std::string_view(id)).step());
    if (found.back()) select.step();
  }
  return found;
}

void ResultStore::add(const std::vector<Result>& batch) {
  const std::string insert = joined("INSERT OR REPLACE INTO results VALUES (", ", ",
                                    [](const Column&) { return std::string("?"); }) +
                             ")";
  database_->transaction([&] {
    Statement result(*database_, insert);
    Statement iteration(*database_, "INSERT OR REPLACE INTO iterations VALUES (?, ?, ?, ?, ?)");
    for (const auto& [row, trace] : batch) {
      for (const Column& column : columns()) std::visit(Bind{result, row, column}, column.field);
      result.step();
      for (const Iteration& step : trace) add_trace(iteration, row.id, step);
    }
  });
}

void ResultStore::list(const std::vector<std::string>& ids) {
  database_->transaction([&] {
    database_->run("DELETE FROM listing");
    Statement insert(*database_, "INSERT INTO listing VALUES (?, ?)");
    std::int64_t position = 0;
    for (const std::string& id : ids) insert.bind(position++).bind(std::string_view(id)).step();
  });
}

std::vector<Result> ResultStore::listed() {
  Statement select(*database_, fmt::format("SELECT {} FROM listing JOIN results ON listing.id = results.id "
                                           "ORDER BY listing.position",
                                           names()));
  Statement iterations(*database_,
                       "SELECT iteration, objective, lower_bound, evaluations FROM iterations WHERE id = ? "
                       "ORDER BY iteration");
  std::vector<Result> results;
  while (select.step()) {
    Row row = read_row(select);
    std::vector<Iteration> trace = read_trace(iterations, row.id);
    results.push_back({std::move(row), std::move(trace)});
  }
  return results;
}

}  // namespace bandwright
