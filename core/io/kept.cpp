#include "core/io/kept.h"

#include <sys/stat.h>

#include <cstdlib>

namespace bandwright {
namespace {

thread_local FilesRead* innermost = nullptr;

constexpr std::int64_t ns_per_s = 1'000'000'000;

}  // namespace

std::string chosen_inputs() {
  const char* folder = std::getenv("BANDWRIGHT_INPUTS");
  return folder == nullptr ? "" : folder;
}

FileStamp stamp_of(const std::filesystem::path& file) {
  FileStamp stamp{.file = file};
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return stamp;
  stamp.changed_ns = found.st_mtim.tv_sec * ns_per_s + found.st_mtim.tv_nsec;
  stamp.bytes = found.st_size;
  stamp.inode = found.st_ino;
  return stamp;
}

FilesRead::FilesRead() : outer_(innermost) { innermost = this; }

FilesRead::~FilesRead() { innermost = outer_; }

void FilesRead::note(const FileStamp& stamp) {
  for (FilesRead* each = innermost; each != nullptr; each = each->outer_) each->stamps_.push_back(stamp);
}

bool FilesRead::watched() { return innermost != nullptr; }

}  // namespace bandwright
