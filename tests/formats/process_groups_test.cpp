#include "formats/chakra/process_groups.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace bandwright {
namespace {

TraceNode metadata_node(std::string text) {
  return {.id = 7, .kind = TraceNodeKind::Metadata, .text = std::move(text)};
}

// As PyTorch's JSON comes out of a converter: in quotes and brackets of its own.
TEST(MetadataGroups, AreReadFromTheInputsOfANode) {
  ProcessGroups groups;
  MetadataGroups metadata_groups(groups, 4);
  metadata_groups.add(
      metadata_node(R"(['[{"pg_name": "0", "ranks": []}, {"pg_name": "3", "ranks": [2, 0]}]'])"), "t");
  EXPECT_EQ(groups.at("3"), (std::vector<int>{0, 2}));
  EXPECT_EQ(metadata_groups.name_of("3"), "3");
  EXPECT_EQ(metadata_groups.name_of("0"), "");  // no ranks: all NPUs
  EXPECT_EQ(metadata_groups.name_of(""), "");
  EXPECT_EQ(metadata_groups.name_of("9"), "9");  // for the caller to refuse
}

// Two NPUs call different groups "1".
TEST(MetadataGroups, NamesAreOfOneTrace) {
  ProcessGroups groups;
  MetadataGroups metadata_groups(groups, 4);
  metadata_groups.begin_trace();
  metadata_groups.add(metadata_node(R"([{"pg_name": "1", "ranks": [0, 1]}])"), "t");
  EXPECT_EQ(metadata_groups.name_of("1"), "1");
  metadata_groups.begin_trace();
  metadata_groups.add(metadata_node(R"([{"pg_name": "1", "ranks": [2, 3]}])"), "t");
  EXPECT_EQ(metadata_groups.name_of("1"), "1@2");
  EXPECT_EQ(groups.at("1@2"), (std::vector<int>{2, 3}));
}

// Three NPUs call different groups "1", two of which begin with the same NPU: none takes another's place.
TEST(MetadataGroups, GroupsOfOneNameAndFirstMemberStayApart) {
  ProcessGroups groups;
  MetadataGroups metadata_groups(groups, 8);
  const std::vector<std::vector<int>> members = {{0, 1}, {2, 3}, {2, 4}, {2, 5, 6}};
  std::vector<std::string> names;
  for (int round = 0; round < 2; ++round) {
    names.clear();
    for (const std::vector<int>& each : members) {
      std::string ranks;
      for (const int npu : each) ranks += (ranks.empty() ? "" : ", ") + std::to_string(npu);
      metadata_groups.begin_trace();
      metadata_groups.add(metadata_node(R"([{"pg_name": "1", "ranks": [)" + ranks + "]}]"), "t");
      names.push_back(metadata_groups.name_of("1"));
    }
    EXPECT_EQ(names, (std::vector<std::string>{"1", "1@2", "1@2.2", "1@2.3"}));
    for (std::size_t i = 0; i < members.size(); ++i) EXPECT_EQ(groups.at(names[i]), members[i]);
  }
  EXPECT_EQ(groups.size(), 4U);
}

TEST(MetadataGroups, WhatIsNoListOfGroupsIsLeftAlone) {
  ProcessGroups groups;
  MetadataGroups metadata_groups(groups, 4);
  for (const char* text : {"", "[]", "[{", "}]", R"([{"colour": "blue"}])"}) {
    metadata_groups.add(metadata_node(text), "t");
  }
  EXPECT_TRUE(groups.empty());
}

TEST(MetadataGroups, NamesTheNodeThatIsWrong) {
  ProcessGroups groups;
  MetadataGroups metadata_groups(groups, 4);
  for (const char* text : {R"([{"pg_name": "1", "ranks": [4]}])", R"([{"pg_name": "1", "ranks": [0, 0]}])",
                           R"([{"pg_name": "1"}])", R"([{"pg_name": }])"}) {
    try {
      metadata_groups.add(metadata_node(text), "w.0.et");
      ADD_FAILURE() << text;
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()).rfind("w.0.et: node 7", 0), 0U) << error.what();
    }
  }
}

TEST(ProcessGroups, OfAJsonFile) {
  const auto parse = [](const std::string& text) { return YamlValue::parse(text, "g.json"); };
  EXPECT_TRUE(is_process_groups(parse(R"({"1": [0, 1]})")));
  EXPECT_FALSE(is_process_groups(parse(R"({"logical-dims": ["8"]})")));
  EXPECT_EQ(read_process_groups(parse(R"({"1": [3, 1]})"), 4).at("1"), (std::vector<int>{1, 3}));
  EXPECT_THROW(read_process_groups(parse(R"({"1": [4]})"), 4), InputError);
  EXPECT_THROW(read_process_groups(parse(R"({"1": []})"), 4), InputError);
}

}  // namespace
}  // namespace bandwright
