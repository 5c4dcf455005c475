#pragma once
#include <chrono>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bandwright {

// An empty folder that goes with the object.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Writes a file and returns its whole path.
  std::string write(const std::string& name, std::string_view text) const;
  [[nodiscard]] std::vector<std::string> names() const;  // of the files in it, sorted

 private:
  std::filesystem::path path_;
};

std::string contents(const std::filesystem::path& file);

struct Finished {
  int status = 0;  // exit status, or 128 + the signal that ended it
  std::string out;
  std::string err;
};

using Words = std::vector<std::string>;
Words extended(Words first, const Words& more);

// Where the program's output goes: kept, to a disk without space, or nowhere, its descriptor closed.
enum class Stream { Kept, Full, Closed };
struct Streams {
  Stream out = Stream::Kept;
  Stream err = Stream::Kept;
};

// Runs the bandwright executable in `folder`.
Finished run_bandwright(const Words& arguments, const std::filesystem::path& folder,
                        const Streams& streams = {});
// The same, with Ctrl-C after a while, if it has not ended before.
Finished interrupt_bandwright(const Words& arguments, const std::filesystem::path& folder,
                              std::chrono::milliseconds after);
// The same for an answer in JSON, which is expected.
nlohmann::json json_answer(const Words& arguments, const ScratchFolder& folder);

}  // namespace bandwright
