#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace bandwright {

// A file as it was: its place, age and size. One that is changed, replaced or gone is another.
struct FileStamp {
  std::filesystem::path file;
  std::int64_t changed_ns = 0;
  std::int64_t bytes = -1;
  std::uint64_t inode = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp stamp_of(const std::filesystem::path& file);

// The files that this thread reads as text for as long as it lives, as they were before they were read.
class FilesRead {
 public:
  FilesRead();
  ~FilesRead();
  FilesRead(const FilesRead&) = delete;
  FilesRead& operator=(const FilesRead&) = delete;

  [[nodiscard]] const std::vector<FileStamp>& stamps() const { return stamps_; }
  static void note(const FileStamp& stamp);
  static bool watched();  // by anybody

 private:
  std::vector<FileStamp> stamps_;
  FilesRead* outer_;
};

// The folder of inputs that the environment names, "" for the usual one, which does not change.
std::string chosen_inputs();

// Inputs that were read, kept for those who ask for them again and again: a sweep in a loop. Nobody sees that
// they are, for one is read again as soon as a file that it came from is another. Threads may share it.
template <class Value>
class Kept {
 public:
  // What `read` makes of a word.
  template <class Read>
  std::shared_ptr<const Value> get(const std::string& word, Read read) {
    const std::string key = chosen_inputs() + '\n' + word;
    if (auto kept = find(key)) return kept;
    Entry entry;
    const FilesRead files;
    entry.value = std::make_shared<const Value>(read());
    entry.files = files.stamps();
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= most_entries) entries_.clear();
    return entries_.insert_or_assign(key, std::move(entry)).first->second.value;
  }

 private:
  static constexpr std::size_t most_entries = 256;
  struct Entry {
    std::shared_ptr<const Value> value;
    std::vector<FileStamp> files;
  };

  std::shared_ptr<const Value> find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    for (const FileStamp& stamp : found->second.files) {
      if (stamp_of(stamp.file) != stamp) return nullptr;
    }
    for (const FileStamp& stamp : found->second.files) FilesRead::note(stamp);
    return found->second.value;
  }

  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace bandwright
