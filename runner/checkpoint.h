#pragma once
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "core/io/database.h"

namespace bandwright {

// What was finished of the runs of a crew (runner/crew.h), in an SQLite file: the same work, ended at any
// moment, goes on from there. Each piece has a checksum; one that is damaged is computed again.
class Checkpoint {
 public:
  // Makes the file where it is missing. Throws InputError for a file of another kind, or of other work.
  // work: what it is, wholly: what is finished of other work would be wrong here.
  Checkpoint(std::filesystem::path file, std::string_view work);
  ~Checkpoint();  // what is kept is in the file, if that can be written
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;

  // Finished pieces of a run, as put(): number and bytes of each.
  [[nodiscard]] std::string finished(std::uint32_t run);

  // In the file a fifth of a second later, whether or not another comes, or after save(). Throws what went
  // wrong with one before.
  void keep(std::uint32_t run, std::size_t piece, std::string_view bytes);
  void save();

 private:
  void save_later(const std::stop_token& stop);
  void write_waiting();  // with the lock

  Database database_;
  std::mutex mutex_;     // of all
  std::string waiting_;  // put(): run, piece, bytes
  std::exception_ptr problem_;
  std::condition_variable_any something_waits_;
  std::jthread writer_;
};

}  // namespace bandwright
