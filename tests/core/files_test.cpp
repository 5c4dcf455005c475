#include "core/io/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "core/error.h"
#include "core/text.h"
#include "core/yaml.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Files : public ::testing::Test {
 protected:
  Files() {
    std::string pattern = (fs::temp_directory_path() / "bandwright-files-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Files() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_))
      found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }
  template <class Action>
  static std::string problem(Action action) {
    try {
      action();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  fs::path folder_;
};

TEST_F(Files, AFileIsReplacedAsAWholeAndKeepsItsMode) {
  write_whole(path("a"), "first");
  ::chmod(path("a").c_str(), 0640);
  write_whole(path("a"), "second");
  EXPECT_EQ(read_text_file(path("a")), "second");
  EXPECT_EQ(fs::status(path("a")).permissions(), fs::perms(0640));
  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(Files, ALinkIsWrittenThrough) {
  fs::create_directory(path("elsewhere"));
  write_whole(path("elsewhere/a"), "first");
  fs::create_symlink("elsewhere/a", path("link"));
  fs::create_symlink("link", path("link_to_link"));
  write_whole(path("link_to_link"), "second");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_TRUE(fs::is_symlink(path("link_to_link")));
  EXPECT_EQ(read_text_file(path("elsewhere/a")), "second");
  // One that points to nothing yet makes what it points to.
  fs::create_symlink("elsewhere/new", path("to_new"));
  write_whole(path("to_new"), "third");
  EXPECT_EQ(read_text_file(path("elsewhere/new")), "third");
}

TEST_F(Files, WhatCannotBeWrittenIsSaidAndLeftAlone) {
  EXPECT_THAT(problem([&] { write_whole(path("none/a"), "x"); }),
              HasSubstr("none/a: cannot be written: No such"));
  fs::create_directory(path("folder"));
  EXPECT_THAT(problem([&] { write_whole(path("folder"), "x"); }), HasSubstr("cannot be written: Is a dir"));
  EXPECT_THAT(problem([] { write_whole("/dev/full", std::string(10000, 'x')); }), HasSubstr("No space left"));
  EXPECT_THAT(problem([&] { make_folder(path("folder") / ""); }), "");
  write_whole(path("file"), "x");
  EXPECT_THAT(problem([&] { make_folder(path("file/below")); }), HasSubstr("cannot be made"));
}

TEST_F(Files, AnOutputIsTriedBeforeTheWorkAndNothingIsLeftOfThat) {
  check_can_write(path("a"));
  EXPECT_THAT(names(), IsEmpty());
  write_whole(path("a"), "kept");
  check_can_write(path("a"));
  EXPECT_EQ(read_text_file(path("a")), "kept");
  EXPECT_THAT(problem([&] { check_can_write(path("none/a")); }), HasSubstr("none/a: cannot be written"));
  EXPECT_THAT(problem([&] { check_can_write(folder_); }), HasSubstr("cannot be written: Is a dir"));
}

TEST_F(Files, AnOutputThatIsTheInputIsRefusedByWhateverName) {
  write_whole(path("a"), "x");
  fs::create_symlink("a", path("link"));
  fs::create_hard_link(path("a"), path("twin"));
  for (const char* const name : {"a", "link", "twin", "./a"}) {
    EXPECT_THAT(problem([&] { check_not_the_input(path(name), path("a")); }), HasSubstr("is the input"))
        << name;
  }
  EXPECT_EQ(problem([&] { check_not_the_input(path("b"), path("a")); }), "");
}

// A process that is killed while it writes leaves the old file and nothing else.
TEST_F(Files, AKilledWriterLeavesNothingBeside) {
  write_whole(path("a"), "old");
  const std::string text(std::size_t{64} << 20, 'x');
  for (int trial = 0; trial < 10; ++trial) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) write_whole(path("b"), text);
    }
    ::usleep(1000U * static_cast<unsigned>(trial));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    if (fs::exists(path("b"))) {
      EXPECT_EQ(fs::file_size(path("b")), text.size());
    }
  }
  EXPECT_EQ(read_text_file(path("a")), "old");
  fs::remove(path("b"));
  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(Files, AFolderAppearsAsAWhole) {
  fs::create_directory(path("traces"));
  write_whole(path("traces/a.63.et"), "of an older, larger export");
  {
    const StagedFolder abandoned(path("traces"));
    write_whole(abandoned.path() / "half", "x");
  }
  EXPECT_TRUE(fs::exists(path("traces/a.63.et")));
  StagedFolder stage(path("traces/"));
  write_whole(stage.path() / "a.0.et", "new");
  stage.commit();
  EXPECT_FALSE(fs::exists(path("traces/a.63.et")));
  EXPECT_EQ(read_text_file(path("traces/a.0.et")), "new");
}

TEST_F(Files, WhatIsKeptOfAnEarlierFolderIsTheSameFile) {
  fs::create_directory(path("traces"));
  write_whole(path("traces/a.63.et"), "of an older, larger export");
  write_whole(path("traces/notes"), "mine");
  StagedFolder stage(path("traces"));
  write_whole(stage.path() / "a.0.et", "new");
  stage.keep([](const std::string& name) { return !name.starts_with("a."); });
  stage.commit();
  EXPECT_FALSE(fs::exists(path("traces/a.63.et")));
  EXPECT_EQ(read_text_file(path("traces/notes")), "mine");
  fs::create_directory(path("traces/below"));
  StagedFolder next(path("traces"));
  EXPECT_THAT(problem([&] { next.keep([](const std::string&) { return true; }); }),
              HasSubstr("holds below, which is no file"));
  EXPECT_THAT(problem([] { StagedFolder("."); }), HasSubstr("is the current folder"));
}

TEST_F(Files, TheStageOfAKilledProcessGoesWithTheNextOne) {
  const pid_t child = ::fork();
  if (child == 0) {
    const StagedFolder stage(path("traces"));
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_THAT(names(), ::testing::SizeIs(1));
  StagedFolder(path("traces")).commit();
  EXPECT_THAT(names(), ElementsAre("traces"));
}

TEST_F(Files, APipeOrAFolderAsInputIsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(problem([&] { read_text_file(path("pipe")); }), HasSubstr("pipe: is a device or a pipe"));
  EXPECT_THAT(problem([&] { read_text_file(folder_); }), HasSubstr("is a folder, expected a file"));
  EXPECT_THAT(problem([] { read_text_file("/dev/zero"); }), HasSubstr("is a device or a pipe"));
  EXPECT_THAT(problem([&] { read_text_file(path("none")); }), HasSubstr("none: no such file"));
}

TEST_F(Files, APipeWithANameIsNoOutputAndNoPipeIsWaitedFor) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  fs::create_symlink("pipe", path("link"));
  for (const char* const name : {"pipe", "link"}) {
    EXPECT_THAT(problem([&] { check_can_write(path(name)); }), HasSubstr("is a pipe, expected a file"));
    EXPECT_THAT(problem([&] { write_whole(path(name), "text"); }), HasSubstr("is a pipe, expected a file"));
  }
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const fs::path ours = "/dev/fd/" + std::to_string(ends[1]);
  check_can_write(ours);
  write_whole(ours, "text");
  std::string read(5, '?');
  EXPECT_EQ(::read(ends[0], read.data(), read.size()), 4);
  EXPECT_EQ(read, "text?");
  ::close(ends[0]);
  auto* const before = std::signal(SIGPIPE, SIG_IGN);  // as the program does
  EXPECT_THAT(problem([&] { write_whole(ours, "text"); }), HasSubstr("cannot be written: Broken pipe"));
  std::signal(SIGPIPE, before);
  ::close(ends[1]);
}

TEST_F(Files, AFileThatIsTooLargeIsRefusedByItsSize) {
  write_whole(path("a"), "12345");
  EXPECT_THAT(problem([&] { read_text_file(path("a"), 4); }), HasSubstr("has 5 bytes; at most 4 are read"));
  write_whole(path("list.yaml"), "a: [" + std::string(std::size_t{14} << 20, ' ') + "]\n");
  EXPECT_THAT(problem([&] { YamlValue::load(path("list.yaml")); }), HasSubstr("at most"));
}

}  // namespace
}  // namespace bandwright
