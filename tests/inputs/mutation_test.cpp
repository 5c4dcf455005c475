// Every shipped input with one thing wrong is still read, or refused in one line that says where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/io/paths.h"
#include "experiment/input_files.h"
#include "tests/inputs/mutations.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t mutations_of_a_file = 600;
constexpr std::size_t mutations_of_an_experiment = 8;  // each of which lists thousands of points

std::vector<fs::path> shipped_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(inputs_folder())) {
    const bool foreign = entry.path().parent_path().filename() == "infragraph";  // another project's format
    if (entry.path().extension() == ".yaml" && !foreign) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// "mutated.yaml:3: budgets.from: ..." or "mutated.yaml:3: unknown key ..."
void expect_place(const std::string& message, const Mutation& mutation) {
  EXPECT_THAT(message, testing::StartsWith("mutated.yaml:")) << mutation.what;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  const bool names_key = message.find(mutation.key.substr(0, 8)) != std::string::npos;
  const bool has_path = message.find(": ", message.find(": ") + 2) != std::string::npos;
  const bool names_another = message.find("missing key '") != std::string::npos;
  EXPECT_TRUE(names_key || has_path || names_another) << mutation.what << ": " << message;
}

void expect_finite(const FileSummary& summary, const std::string& what) {
  if (what.starts_with("name ")) return;  // a name may be any word
  for (const auto& [name, value] : summary.facts) {
    for (const std::string_view word : {"nan", "inf"}) {
      EXPECT_FALSE(value.starts_with(word) || value.starts_with("-" + std::string(word)))
          << what << ": " << name;
    }
  }
}

class Mutations : public testing::TestWithParam<fs::path> {};

TEST_P(Mutations, AreReadOrRefusedWithTheirPlace) {
  const YamlValue root = YamlValue::load(GetParam());
  ASSERT_FALSE(root.declared_kind().empty()) << "the first key says what a file is";
  int read = 0;
  int refused = 0;
  const bool experiment = GetParam().parent_path().filename() == "experiments";
  const std::size_t most = experiment ? mutations_of_an_experiment : mutations_of_a_file;
  for_each_mutation(root, most, [&](const Mutation& mutation) {
    try {
      const YamlValue mutated = YamlValue::parse(mutation.file, "mutated.yaml");
      const InputReader* reader = find_input_reader(mutated);
      ASSERT_NE(reader, nullptr);
      expect_finite(reader->summarise(mutated), mutation.what);
      ++read;
    } catch (const InputError& error) {
      expect_place(error.what(), mutation);
      ++refused;
    }
  });
  EXPECT_GT(refused, read / 4);  // most of what is wrong is refused
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.parent_path().filename().string() + "_" + info.param.stem().string();
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Shipped, Mutations, testing::ValuesIn(shipped_files()), name_of);

}  // namespace
}  // namespace bandwright
