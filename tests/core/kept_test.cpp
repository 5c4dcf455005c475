#include "core/io/kept.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/text.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

class KeptTest : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_.path() / name, std::ios::trunc) << text;
  }
  std::string read(const std::string& name) {
    return *kept_.get(name, [&] {
      ++reads_;
      return read_text_file(folder_.path() / name);
    });
  }

  TemporaryFolder folder_;
  Kept<std::string> kept_;
  int reads_ = 0;
};

TEST_F(KeptTest, AFileIsReadOnceForAsLongAsItStaysAsItIs) {
  write("a", "one");
  EXPECT_EQ(read("a"), "one");
  EXPECT_EQ(read("a"), "one");
  EXPECT_EQ(reads_, 1);
  write("a", "three");
  EXPECT_EQ(read("a"), "three");
  EXPECT_EQ(reads_, 2);
}

TEST_F(KeptTest, AFileThatIsGoneIsReadAgainWhichFails) {
  write("a", "one");
  EXPECT_EQ(read("a"), "one");
  std::filesystem::remove(folder_.path() / "a");
  EXPECT_ANY_THROW(read("a"));
}

// What was made of another kept value depends on the files of that one, too.
TEST_F(KeptTest, FilesBehindAKeptValueCount) {
  write("inner", "one");
  Kept<std::string> outer;
  const auto get = [&] { return *outer.get("outer", [&] { return read("inner") + "!"; }); };
  EXPECT_EQ(read("inner"), "one");
  EXPECT_EQ(get(), "one!");
  write("inner", "three");
  EXPECT_EQ(get(), "three!");
}

}  // namespace
}  // namespace bandwright
