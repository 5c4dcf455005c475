#include "core/io/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot(const fs::path& file, std::string_view what, int error) {
  throw InputError(Place{.file = file.string()},
                   fmt::format("{}: {}", what, std::generic_category().message(error)));
}

// What a name stands for in the end; the name itself when that does not exist yet. A link to nothing stands
// for the place it points to.
fs::path destination(const fs::path& file) {
  constexpr int most_links = 40;
  fs::path place = file;
  std::error_code error;
  for (int i = 0; i < most_links && fs::is_symlink(place, error); ++i) {
    place = place.parent_path() / fs::read_symlink(place, error);  // an absolute link replaces the folder
    if (error) break;
  }
  return place;
}

// Beside `place`, hidden, of this process.
fs::path part_name(const fs::path& place) {
  return place.parent_path() / fmt::format(".{}.{}.part", place.filename().string(), ::getpid());
}

bool is_device_or_pipe(const fs::path& file) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

void refuse_named_pipe(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_fifo(fs::status(destination(file), ignored))) return;
  throw InputError(Place{.file = file.string()},
                   "is a pipe, expected a file (or standard output, led into the pipe)");
}

// To be written as it is. Nobody may be left who reads it: then it is an error rather than a wait.
int open_device_or_pipe(const fs::path& file) {
  refuse_named_pipe(file);
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) cannot(file, "cannot be written", errno == ENXIO ? EPIPE : errno);
  static_cast<void>(::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK));
  return descriptor;
}

void write_all(const fs::path& file, int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) cannot(file, "cannot be written", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

struct Closing {
  int descriptor;
  ~Closing() { ::close(descriptor); }
};

// A new file in the folder of `place`, on its way there. It has no name until it is whole, so that nothing is
// left of it when the program is killed; on file systems that cannot do that it has a hidden one.
class Unfinished {
 public:
  Unfinished(const fs::path& file, fs::path place)
      : file_(file), place_(std::move(place)), name_(part_name(place_)) {
    std::error_code ignored;
    if (fs::is_directory(place_, ignored)) refuse(EISDIR);
    struct stat before {};
    const bool replaces = ::stat(place_.c_str(), &before) == 0;
    if (replaces && ::access(place_.c_str(), W_OK) != 0) refuse(errno);
    const fs::path folder = place_.has_parent_path() ? place_.parent_path() : fs::path(".");
    descriptor_ = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
      descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
      if (descriptor_ < 0) refuse(errno);
      named_ = true;
    }
    if (replaces) static_cast<void>(::fchmod(descriptor_, before.st_mode & 07777U));
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (named_) ::unlink(name_.c_str());
  }

  void write(std::string_view text) {
    write_all(file_, descriptor_, text);
    if (!named_) {
      const std::string nameless = fmt::format("/proc/self/fd/{}", descriptor_);
      ::unlink(name_.c_str());
      if (::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name_.c_str(), AT_SYMLINK_FOLLOW) != 0)
        refuse(errno);
      named_ = true;
    }
    if (::close(std::exchange(descriptor_, -1)) != 0) refuse(errno);  // a full disk may show only now
    if (std::rename(name_.c_str(), place_.c_str()) != 0) refuse(errno);
    named_ = false;
  }

 private:
  [[noreturn]] void refuse(int error) const { cannot(file_, "cannot be written", error); }

  const fs::path& file_;  // as the user calls it
  fs::path place_;
  fs::path name_;
  int descriptor_ = -1;
  bool named_ = false;
};

// Stages of this folder whose process was killed.
void remove_abandoned(const fs::path& folder) {
  const std::string start = fmt::format(".{}.", folder.filename().string());
  std::error_code error;
  const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(start) || !name.ends_with(".part")) continue;
    const pid_t owner = std::atoi(name.c_str() + start.size());
    const bool gone = owner > 0 && (owner == ::getpid() || (::kill(owner, 0) != 0 && errno == ESRCH));
    if (gone) fs::remove_all(entry.path(), error);
  }
}

}  // namespace

void write_whole(const fs::path& file, std::string_view text) {
  if (!is_device_or_pipe(file)) return Unfinished(file, destination(file)).write(text);
  const Closing closing{open_device_or_pipe(file)};
  write_all(file, closing.descriptor, text);
}

const fs::path& plain_file(const fs::path& file) {
  const Place place{.file = file.string()};
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) throw InputError(place, "no such file");
  if (fs::is_directory(status)) throw InputError(place, "is a folder, expected a file");
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw InputError(place, "is a device or a pipe, expected a file");
  }
  if (::access(file.c_str(), R_OK) != 0) cannot(file, "cannot be read", errno);
  return file;
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) cannot(folder, "this folder cannot be made", error.value());
  if (!fs::is_directory(folder, error)) cannot(folder, "this folder cannot be made", ENOTDIR);
}

void check_can_write(const fs::path& file) {
  if (is_device_or_pipe(file)) {
    refuse_named_pipe(file);
    if (::access(file.c_str(), W_OK) != 0) cannot(file, "cannot be written", errno);
    return;
  }
  static_cast<void>(Unfinished(file, destination(file)));
}

void check_not_the_input(const fs::path& output, const fs::path& input) {
  std::error_code missing;
  if (!fs::equivalent(output, input, missing) || missing) return;
  throw InputError(Place{.file = output.string()}, "is the input; choose another file for the output");
}

StagedFolder::StagedFolder(const fs::path& folder) : folder_(destination(folder)) {
  if (!folder_.has_filename()) folder_ = folder_.parent_path();  // "traces/"
  if (folder_.has_parent_path()) make_folder(folder_.parent_path());
  std::error_code ignored;
  if (fs::exists(folder_, ignored) && !fs::is_directory(folder_, ignored)) {
    cannot(folder, "cannot be written", ENOTDIR);
  }
  if (fs::equivalent(folder_, ".", ignored)) {
    throw InputError(Place{.file = folder.string()}, "is the current folder, expected one of its own");
  }
  remove_abandoned(folder_);
  stage_ = part_name(folder_);
  if (::mkdir(stage_.c_str(), 0777) != 0) cannot(folder, "this folder cannot be made", errno);
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  fs::remove_all(stage_, ignored);
}

void StagedFolder::keep(const std::function<bool(const std::string& name)>& stays) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (!stays(name)) continue;
    if (!entry.is_regular_file()) {
      throw InputError(
          Place{.file = folder_.string()},
          fmt::format("holds {}, which is no file; expected a folder of its own", printable(name)));
    }
    fs::create_hard_link(entry.path(), stage_ / name, error);
    if (error) fs::copy_file(entry.path(), stage_ / name, error);
    if (error) cannot(entry.path(), "cannot be taken over", error.value());
  }
}

// Folders are exchanged in one step where there is one before; the old one is then the stage's and goes with
// it.
void StagedFolder::commit() {
  std::error_code ignored;
  const unsigned flags = fs::exists(folder_, ignored) ? RENAME_EXCHANGE : 0U;
  if (::renameat2(AT_FDCWD, stage_.c_str(), AT_FDCWD, folder_.c_str(), flags) != 0) {
    cannot(folder_, "cannot be written", errno);
  }
}

}  // namespace bandwright
