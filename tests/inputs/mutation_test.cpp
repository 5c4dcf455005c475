// Every shipped input with one thing wrong is still read, or refused in one line that says where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "core/io/files.h"
#include "core/io/paths.h"
#include "experiment/input_files.h"
#include "tests/inputs/mutations.h"
#include "tests/support/temporary_folder.h"
#include "training/interval.h"
#include "validation/data_set.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t mutations_of_a_file = 600;
constexpr std::size_t mutations_of_a_table = 200;
constexpr std::size_t mutations_of_an_experiment = 8;  // each of which lists thousands of points

std::vector<fs::path> shipped_files(std::string_view ending) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(inputs_folder())) {
    if (entry.path().extension() == ending) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What `check` makes of it.
FileSummary summary_of(const YamlValue& root) {
  const Sample sample{.path = "mutated.yaml", .root = root};
  const FileFormat* format = find_format(sample);
  if (format != nullptr) return format->summarise(sample);
  const InputReader* reader = find_input_reader(root);
  return reader == nullptr ? format_of(sample).summarise(sample) : reader->summarise(root);
}

// "mutated.yaml:3: budgets.from: ..." or "mutated.yaml:3: unknown key ..."
void expect_place(const std::string& message, const Mutation& mutation) {
  EXPECT_THAT(message, testing::StartsWith("mutated.yaml:")) << mutation.what;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  const bool names_key = message.find(mutation.key.substr(0, 8)) != std::string::npos;
  const bool has_path = message.find(": ", message.find(": ") + 2) != std::string::npos;
  const bool names_another = message.find("missing key '") != std::string::npos ||
                             message.find("none of the formats") != std::string::npos;
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
  const bool foreign = GetParam().parent_path().filename() == "infragraph";  // another project's format
  ASSERT_EQ(root.declared_kind().empty(), foreign) << "the first key says what a file is";
  int read = 0;
  int refused = 0;
  const bool experiment = GetParam().parent_path().filename() == "experiments";
  const std::size_t most = experiment ? mutations_of_an_experiment : mutations_of_a_file;
  for_each_mutation(root, most, [&](const Mutation& mutation) {
    try {
      const YamlValue mutated = YamlValue::parse(mutation.file, "mutated.yaml");
      expect_finite(summary_of(mutated), mutation.what);
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
INSTANTIATE_TEST_SUITE_P(Shipped, Mutations, testing::ValuesIn(shipped_files(".yaml")), name_of);

// The kind of a file is a name as others are: in any case, and refused where there is none.
TEST(Kinds, AreNamesInAnyCase) {
  for (const InputReader& reader : input_readers()) {
    std::string word(reader.kind);
    word[0] = static_cast<char>(word[0] - 'a' + 'A');
    EXPECT_EQ(find_input_reader(YamlValue::parse("bandwright: " + word + "\nname: n\n", "f.yaml")), &reader);
  }
  EXPECT_THROW(find_input_reader(YamlValue::parse("bandwright: machina\n", "f.yaml")), InputError);
}

// Tables, by what `check` and the command that takes them make of them: an error of a row is its own, and
// numbers that come of a row are finite.
class TableMutations : public testing::TestWithParam<fs::path> {};

// How many rows were set aside with a reason.
int expect_finite_rows(const fs::path& file, const std::string& what) {
  static const Calibration constants = shipped_calibration();
  std::size_t aside = 0;
  for (const DataSet& set : read_data_sets(file)) {
    for (const Measurement& row : set.rows) {
      EXPECT_TRUE(std::isfinite(relative_error(row, constants))) << what << ": " << row.label;
    }
    aside += set.not_run.size();
  }
  return static_cast<int>(aside);
}
void expect_finite_intervals(const fs::path& file, const std::string& what) {
  const MeasuredErrors errors(read_step_errors(file.string()));
  const StepInterval interval =
      errors.interval({.npu = "h100", .parameters = 7e9, .npus = 64.0, .tokens_per_npu = 1e4}, 1e9);
  EXPECT_TRUE(std::isfinite(interval.low_ns) && std::isfinite(interval.high_ns)) << what;
}

TEST_P(TableMutations, AreReadOrRefusedWithTheirPlace) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / GetParam().filename();  // by which they are known
  int refused = 0;
  for_each_csv_mutation(read_text_file(GetParam()), mutations_of_a_table, [&](const Mutation& mutation) {
    std::ofstream(file, std::ios::binary) << mutation.file;
    try {
      const std::optional<MeasurementFile> summary = summarise_measurements(file);
      if (!summary) return;  // known by columns, of which one is gone
      expect_finite(summary->summary, mutation.what);
      if (file.filename() == "step_errors.csv") {
        expect_finite_intervals(file, mutation.what);
      } else {
        refused += expect_finite_rows(file, mutation.what);
      }
    } catch (const InputError& error) {
      EXPECT_THAT(std::string(error.what()), testing::StartsWith(file.string() + ':')) << mutation.what;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << mutation.what;
      ++refused;
    }
  });
  EXPECT_GT(refused, 0);
}
INSTANTIATE_TEST_SUITE_P(Shipped, TableMutations, testing::ValuesIn(shipped_files(".csv")), name_of);

}  // namespace
}  // namespace bandwright
