#include "core/io/paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "core/error.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

// A folder of inputs with two models and a stray file, named by BANDWRIGHT_INPUTS.
class Paths : public testing::Test {
 protected:
  Paths() {
    fs::create_directories(folder_ / "models");
    for (const char* name : {"big.yaml", "175b.yaml", "notes.txt"}) std::ofstream(folder_ / "models" / name);
    setenv("BANDWRIGHT_INPUTS", folder_.c_str(), 1);
  }
  ~Paths() override {
    unsetenv("BANDWRIGHT_INPUTS");
    fs::remove_all(folder_);
  }

  const fs::path folder_ = fs::temp_directory_path() / ("bandwright_paths_" + std::to_string(getpid()));
};

TEST_F(Paths, NamesAreTheSortedYamlFiles) {
  EXPECT_THAT(input_names("models"), ElementsAre("175b", "big"));
  EXPECT_THAT(input_names("no_such_kind"), IsEmpty());
}

TEST_F(Paths, ANameIsFoundInAnyCaseAndAFileIsTakenAsItIs) {
  EXPECT_EQ(input_file("models", "175B", "model"), folder_ / "models/175b.yaml");
  EXPECT_EQ(input_file("models", "./own", "model"), "./own");
  EXPECT_EQ(input_file("models", "own.yaml", "model"), "own.yaml");
  EXPECT_EQ(find_input("models", "1T"), std::nullopt);
  EXPECT_EQ(find_input("models", "notes"), std::nullopt);
}

TEST_F(Paths, AnUnknownNameIsRefusedWithTheChoices) {
  try {
    static_cast<void>(input_file("models", "174b", "model"));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "unknown model '174b'; did you mean '175b'? (choices: 175b, big, or a .yaml file)");
  }
}

TEST_F(Paths, AVariableThatNamesNoFolderIsAnError) {
  setenv("BANDWRIGHT_INPUTS", "/no/such/folder", 1);
  EXPECT_THROW(static_cast<void>(inputs_folder()), InputError);
}

}  // namespace
}  // namespace bandwright
