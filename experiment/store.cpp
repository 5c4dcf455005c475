#include "experiment/store.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <fstream>

#include "core/error.h"
#include "core/io/database.h"
#include "core/stopping.h"
#include "core/text.h"
#include "experiment/specification.h"

namespace bandwright {
namespace {

// In the file's header: "BWRS", and the version of the tables, which changes with the columns.
constexpr std::int64_t application = 0x42575253;
constexpr std::int64_t version = 4;

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
  return joined("", ", ", [](const Column& column) { return "results." + std::string(column.name); }) +
         ", results.checksum";
}

void create_tables(Database& database) {
  database.run(joined("CREATE TABLE results (", ", ",
                      [](const Column& column) {
                        return fmt::format("{} {}{}", column.name, sql_type(column),
                                           column.name == "id" ? " PRIMARY KEY" : "");
                      }) +
               ", checksum TEXT NOT NULL) WITHOUT ROWID");
  database.run(
      "CREATE TABLE iterations (id TEXT NOT NULL, iteration INTEGER NOT NULL, objective REAL NOT NULL, "
      "lower_bound REAL, evaluations INTEGER NOT NULL, PRIMARY KEY (id, iteration)) WITHOUT ROWID");
  database.run("CREATE TABLE listing (position INTEGER PRIMARY KEY, id TEXT NOT NULL)");
}

DatabaseKind kind() {
  return {.what = "a store of results",
          .application = application,
          .version = version,
          .remedy = "remove it to compute the results again, or choose another folder with --output",
          .create_tables = create_tables};
}

// Of all that is kept of a result, its trace too.
std::string checksum(const Result& result) {
  std::string text;
  for (const Column& column : columns()) {
    const std::string cell = cell_text(result.row, column);
    text += fmt::format("{}:{} ", cell.size(), cell);
  }
  for (const Iteration& step : result.trace) {
    text += fmt::format("{} {} {} {};", step.number, step.objective, step.lower_bound, step.evaluations);
  }
  return content_hash(text);
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
  void operator()(double Row::*field) const { row.*field = statement.real(index); }
  void operator()(std::optional<double> Row::*field) const { row.*field = statement.real_or_null(index); }
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
  iterations.reset();
  iterations.bind(std::string_view(id));
  while (iterations.step()) {
    Iteration iteration{.number = static_cast<int>(iterations.integer(0)),
                        .objective = iterations.real(1),
                        .evaluations = static_cast<int>(iterations.integer(3))};
    if (const auto bound = iterations.real_or_null(2)) iteration.lower_bound = *bound;
    trace.push_back(iteration);
  }
  return trace;
}

constexpr std::string_view select_trace =
    "SELECT iteration, objective, lower_bound, evaluations FROM iterations WHERE id = ? ORDER BY iteration";

// The result that `select` stands at; nothing when it is not what was written.
std::optional<Result> read_result(const Statement& select, Statement& iterations) {
  try {
    Result result{.row = read_row(select)};
    result.trace = read_trace(iterations, result.row.id);
    if (select.text(static_cast<int>(columns().size())) == checksum(result)) return result;
  } catch (const InputError&) {  // a cell of another type
  }
  return std::nullopt;
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

ResultStore::ResultStore(const std::filesystem::path& file, Access access)
    : database_(std::make_unique<Database>(
          file, kind(), access == Access::Write ? Database::Access::Write : Database::Access::Read)) {}

ResultStore::~ResultStore() = default;
ResultStore::ResultStore(ResultStore&&) noexcept = default;
ResultStore& ResultStore::operator=(ResultStore&&) noexcept = default;

std::vector<Kept> ResultStore::find(const std::vector<std::string>& ids) {
  std::vector<Kept> found;
  Statement select(*database_, fmt::format("SELECT {} FROM results WHERE id = ?", names()));
  Statement iterations(*database_, select_trace);
  for (const std::string& id : ids) {
    found.push_back(!select.bind(std::string_view(id)).step() ? Kept::No
                    : read_result(select, iterations)         ? Kept::Yes
                                                              : Kept::Damaged);
    select.reset();
  }
  return found;
}

void ResultStore::add(const std::vector<Result>& batch) {
  const std::string insert = joined("INSERT OR REPLACE INTO results VALUES (", ", ",
                                    [](const Column&) { return std::string("?"); }) +
                             ", ?)";
  database_->transaction([&] {
    Statement result(*database_, insert);
    Statement remove_trace(*database_, "DELETE FROM iterations WHERE id = ?");
    Statement iteration(*database_, "INSERT INTO iterations VALUES (?, ?, ?, ?, ?)");
    for (const Result& each : batch) {
      for (const Column& column : columns()) std::visit(Bind{result, each.row, column}, column.field);
      result.bind(std::string_view(checksum(each))).step();
      remove_trace.bind(std::string_view(each.row.id)).step();
      for (const Iteration& step : each.trace) add_trace(iteration, each.row.id, step);
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
  Statement iterations(*database_, select_trace);
  std::vector<Result> results;
  StopCheck stop;
  while (select.step()) {
    stop.look_now_and_then();
    std::optional<Result> result = read_result(select, iterations);
    if (!result)
      database_->fail_damaged("a result is not what was written; evaluating again computes it again");
    results.push_back(std::move(*result));
  }
  return results;
}

bool is_older_store(const std::filesystem::path& file) {
  // SQLite's header: big-endian numbers at 60 (user_version) and 68 (application_id).
  std::array<unsigned char, 100> header{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(header.data()), header.size());
  if (!stream) return false;
  const auto number = [&](std::size_t at) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | header[at + i];
    return value;
  };
  return number(68) == application && number(60) < version;
}

}  // namespace bandwright
