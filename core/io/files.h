#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace bandwright {

// Output on the disk is whole or not there: it is written beside its place and renamed, so that no reader, no
// kill and no full disk leaves half of it. Every failure is an InputError that names the file and why.

// A link is written through: what it points to is replaced. An existing file keeps its mode. A device or a
// pipe of this process (/dev/stdout) gets the text as it is; one with a name is refused: to open it may wait.
void write_whole(const std::filesystem::path& file, std::string_view text);

// `file`, to be opened: throws unless it is a plain file. Opening a pipe that nobody writes to would wait for
// ever.
const std::filesystem::path& plain_file(const std::filesystem::path& file);

// The folder and those above it.
void make_folder(const std::filesystem::path& folder);

// Throws what write_whole would throw, before hours of work instead of after; leaves nothing behind.
void check_can_write(const std::filesystem::path& file);

// Throws when writing `output` would replace `input`: they are the same file, by whatever names.
void check_not_the_input(const std::filesystem::path& output, const std::filesystem::path& input);

// A folder that appears as a whole:
//
//   StagedFolder stage("traces");
//   write_whole(stage.path() / "a.0.et", ...);
//   stage.commit();     // traces/ now holds exactly these files; without it nothing has changed
//
// An earlier folder of that name is replaced as a whole but for what keep() takes over. The current folder is
// refused: who stands in it would stand in the old one.
class StagedFolder {
 public:
  explicit StagedFolder(const std::filesystem::path& folder);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return stage_; }
  // Takes the earlier folder's files over, as they are, for which `stays` holds; a folder in it is refused.
  void keep(const std::function<bool(const std::string& name)>& stays);
  void commit();

 private:
  std::filesystem::path folder_;
  std::filesystem::path stage_;
};

}  // namespace bandwright
