#pragma once
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>

namespace bandwright {

// An empty folder of a test's own, gone with it: nothing that lies elsewhere changes what is tested.
class TemporaryFolder {
 public:
  TemporaryFolder() { std::filesystem::create_directories(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  static std::filesystem::path fresh() {
    static std::atomic<int> count = 0;
    return std::filesystem::temp_directory_path() /
           ("bandwright_test_" + std::to_string(getpid()) + "_" + std::to_string(count++));
  }
  const std::filesystem::path path_ = fresh();
};

}  // namespace bandwright
