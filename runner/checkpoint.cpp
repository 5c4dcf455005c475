#include "runner/checkpoint.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "core/text.h"
#include "runner/message.h"

namespace bandwright {
namespace {

constexpr std::chrono::milliseconds save_every{200};
constexpr std::size_t most_waiting = std::size_t{16} << 20;

DatabaseKind checkpoint_kind() {
  return {.what = "a checkpoint",
          .application = 0x42574350,  // "BWCP"
          .version = 1,
          .remedy = "choose another file, or remove it",
          .create_tables = [](Database& database) {
            database.run("CREATE TABLE work (identity TEXT NOT NULL)");
            database.run(
                "CREATE TABLE pieces (run INTEGER NOT NULL, piece INTEGER NOT NULL, bytes TEXT NOT NULL, "
                "checksum TEXT NOT NULL, PRIMARY KEY (run, piece))");
          }};
}

std::string checksum(std::uint32_t run, std::size_t piece, std::string_view bytes) {
  return content_hash(fmt::format("{} {} {}", run, piece, bytes));
}

}  // namespace

Checkpoint::Checkpoint(std::filesystem::path file, std::string_view work)
    : database_(std::move(file), checkpoint_kind(), Database::Access::Write) {
  const std::string identity = content_hash(work);
  database_.transaction([&] {
    Statement select(database_, "SELECT identity FROM work");
    if (!select.step()) {
      Statement insert(database_, "INSERT INTO work VALUES (?)");
      insert.bind(std::string_view(identity)).step();
    } else if (select.text(0) != identity) {
      database_.fail("is a checkpoint of another question, of other inputs or of another version");
    }
  });
  writer_ = std::jthread([this](const std::stop_token& stop) { save_later(stop); });
}

Checkpoint::~Checkpoint() {
  writer_.request_stop();
  writer_.join();
  try {
    save();
  } catch (const std::exception&) {  // whoever must know has asked for it
  }
}

std::string Checkpoint::finished(std::uint32_t run) {
  const std::lock_guard lock(mutex_);
  std::string all;
  Statement select(database_, "SELECT piece, bytes, checksum FROM pieces WHERE run = ? ORDER BY piece");
  select.bind(std::int64_t{run});
  while (select.step()) {
    const auto piece = static_cast<std::size_t>(select.integer(0));
    const std::string bytes = select.text(1);
    if (select.text(2) != checksum(run, piece, bytes)) continue;
    put(all, piece);
    put(all, std::string_view(bytes));
  }
  return all;
}

void Checkpoint::keep(std::uint32_t run, std::size_t piece, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (problem_) std::rethrow_exception(std::exchange(problem_, nullptr));
  put(waiting_, run);
  put(waiting_, piece);
  put(waiting_, bytes);
  if (waiting_.size() > most_waiting) return write_waiting();
  something_waits_.notify_one();
}

void Checkpoint::save() {
  const std::lock_guard lock(mutex_);
  if (problem_) std::rethrow_exception(std::exchange(problem_, nullptr));
  write_waiting();
}

// Pieces that come close to each other are written together.
void Checkpoint::save_later(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (something_waits_.wait(lock, stop, [&] { return !waiting_.empty(); })) {
    something_waits_.wait_for(lock, stop, save_every, [&] { return waiting_.empty(); });
    if (stop.stop_requested()) return;
    try {
      write_waiting();
    } catch (...) {
      problem_ = std::current_exception();
      waiting_.clear();  // else it would be tried without end
    }
  }
}

void Checkpoint::write_waiting() {
  if (waiting_.empty()) return;
  database_.transaction([&] {
    Statement insert(database_, "INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?)");
    for (std::string_view rest = waiting_; !rest.empty();) {
      const auto run = take<std::uint32_t>(rest);
      const auto piece = take<std::size_t>(rest);
      const std::string_view bytes = take_text(rest);
      insert.bind(std::int64_t{run}).bind(static_cast<std::int64_t>(piece)).bind(bytes);
      insert.bind(std::string_view(checksum(run, piece, bytes))).step();
    }
  });
  waiting_.clear();
}

}  // namespace bandwright
