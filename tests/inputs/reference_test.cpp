#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "core/io/paths.h"
#include "core/text.h"
#include "experiment/input_files.h"
#include "experiment/input_reference.h"

namespace bandwright {
namespace {

TEST(InputReference, ThePageIsWhatTheProgramPrints) {
  const std::filesystem::path page = inputs_folder().parent_path() / "docs/input_reference.md";
  EXPECT_EQ(read_text_file(page), input_reference())
      << "bandwright check --reference > docs/input_reference.md";
}

TEST(InputReference, ThePageOfInputsNamesEveryKind) {
  const std::string page = read_text_file(inputs_folder().parent_path() / "docs/inputs.md");
  const std::size_t first = page.find("bandwright: network ");
  const std::string kinds = page.substr(first, page.find("```", first) - first);
  for (const InputKind& kind : input_kinds())
    EXPECT_NE(kinds.find(kind.name), std::string::npos) << kind.name;
}

TEST(InputReference, EveryKindHasASchemaWithItsKeys) {
  ASSERT_EQ(input_readers().size(), input_kinds().size());
  for (const InputReader& reader : input_readers()) {
    const auto schema = nlohmann::json::parse(json_schema(reader.kind));
    const auto& shapes = schema.contains("anyOf") ? schema["anyOf"] : nlohmann::json::array({schema});
    ASSERT_EQ(shapes.size(), reader.keys.size()) << reader.kind;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      EXPECT_EQ(shapes[i]["properties"]["bandwright"]["const"], reader.kind);
      for (const InputField& field : reader.keys[i]->fields) {
        EXPECT_EQ(shapes[i]["properties"].contains(std::string(field.key)),
                  field.presence != FieldPresence::Derived);
      }
    }
  }
  EXPECT_THROW(json_schema("machin"), InputError);
}

TEST(InputFiles, EveryShippedFileSaysItsKindAndIsRead) {
  for (const InputKind& kind : input_kinds()) {
    for (const std::string& name : input_names(kind.folder)) {
      const YamlValue root = YamlValue::load(*find_input(kind.folder, name));
      const InputReader* reader = find_input_reader(root);
      ASSERT_NE(reader, nullptr) << name;
      EXPECT_FALSE(root.declared_kind().empty()) << name;
      EXPECT_FALSE(reader->summarise(root).facts.empty()) << name;
    }
  }
}

// A name is one model, whichever question it stands in: a table that says whose it is may have the name of a
// transformer.
TEST(InputFiles, NoTwoKindsOfModelShareAName) {
  std::map<std::string, std::string> folders;
  for (const char* const folder : {"models/images", "models/transformers", "models/tables"}) {
    for (const std::string& name : input_names(folder)) {
      if (YamlValue::load(*find_input(folder, name)).find("same_as")) continue;
      const auto [known, fresh] = folders.emplace(name, folder);
      EXPECT_TRUE(fresh) << name << " in " << known->second << " and " << folder;
    }
  }
}

TEST(InputFiles, EveryShippedTableIsRead) {
  int tables = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(inputs_folder())) {
    if (entry.path().extension() != ".csv") continue;
    const auto summary = summarise_measurements(entry.path());
    ASSERT_TRUE(summary.has_value()) << entry.path();
    EXPECT_FALSE(summary->summary.facts.empty()) << entry.path();
    EXPECT_FALSE(summary->use.empty()) << entry.path();
    ++tables;
  }
  EXPECT_GT(tables, 0);
}

// Files of users from before kinds were written: their keys tell.
TEST(InputFiles, AFileThatDoesNotSayItsKindIsToldByItsKeys) {
  for (const InputKind& kind : input_kinds()) {
    for (const std::string& name : input_names(kind.folder)) {
      const std::string text = read_text_file(*find_input(kind.folder, name));
      const YamlValue root = YamlValue::parse(text.substr(text.find('\n') + 1), name);
      ASSERT_TRUE(root.declared_kind().empty());
      const InputReader* reader = find_input_reader(root);
      ASSERT_NE(reader, nullptr) << name;
      EXPECT_EQ(reader->kind, YamlValue::parse(text, name).declared_kind()) << name;
    }
  }
}

}  // namespace
}  // namespace bandwright
