#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace SQLite {  // NOLINT(readability-identifier-naming): SQLiteCpp's own
class Database;
class Statement;
}  // namespace SQLite

namespace bandwright {

class Database;

// A prepared statement: parameters are bound in order, columns read from 0. A cell of another type than asked
// for is an InputError: no text passes as the number 0.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text);
  Statement& bind(double value);
  Statement& bind(std::int64_t value);
  Statement& bind_null();

  // Runs to the next row of the answer; at the end makes the statement ready for new parameters.
  bool step();
  void reset();  // ready for new parameters before the end

  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::optional<double> real_or_null(int column) const;

 private:
  Database& database_;
  std::unique_ptr<SQLite::Statement> statement_;
  int bound_ = 0;
};

// What a file of ours says in its header, and how it begins.
struct DatabaseKind {
  std::string_view what;         // "a store of results"
  std::int64_t application = 0;  // SQLite's application_id
  std::int64_t version = 0;      // of the tables: user_version
  std::string_view remedy;       // what helps when it is something else, or damaged
  std::function<void(Database&)> create_tables;
};

// An SQLite file of one kind. Opened for writing it is made when it is missing or empty; a file of another
// program, another version, or damaged is never written to. Failures are InputErrors "FILE: problem; remedy".
class Database {
 public:
  enum class Access { Write, Read };
  Database(std::filesystem::path file, const DatabaseKind& kind, Access access);
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  void run(std::string_view sql);
  // Everything `changes` does, or nothing of it. Waits for other writers.
  void transaction(const std::function<void()>& changes);

  [[noreturn]] void fail(std::string_view problem) const;  // with the remedy
  [[noreturn]] void fail_damaged(std::string_view how) const;

 private:
  friend class Statement;
  template <class Work>
  auto explained(Work work) const -> decltype(work());
  std::int64_t pragma(std::string_view name);
  void check_kind(const DatabaseKind& kind);

  std::filesystem::path file_;
  std::string remedy_;
  std::unique_ptr<SQLite::Database> connection_;
};

}  // namespace bandwright
