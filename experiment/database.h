#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace bandwright {

class Database;

// A prepared statement: parameters are bound in order from 1, columns read from 0.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  Statement& bind(std::string_view text);
  Statement& bind(double value);
  Statement& bind(std::int64_t value);
  Statement& bind_null();

  // Runs to the next row of the answer; at the end makes the statement ready for new parameters.
  bool step();

  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::optional<double> real(int column) const;  // nothing for NULL

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void check(int code);

  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bound_ = 0;
};

// An SQLite file. Failures are InputErrors "FILE: problem; remedy".
class Database {
 public:
  enum class Access { Write, Read };
  Database(std::filesystem::path file, Access access);

  void run(std::string_view sql);
  // Everything `changes` does, or nothing of it. Waits for other writers.
  void transaction(const std::function<void()>& changes);
  [[noreturn]] void fail(int code);

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace bandwright
