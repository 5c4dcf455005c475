// Text as other programs and systems write it: line ends, marks, odd characters, files cut short.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <random>

#include "core/field_kinds.h"
#include "core/io/csv.h"
#include "core/io/gzip.h"
#include "core/yaml.h"
#include "core/yaml_tree.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Everything a value holds, as one line: values alone, without their places.
std::string all_of_value(const YamlValue& value) {
  std::string text;
  if (value.is_map()) {
    for (const auto& [key, each] : value.entries()) text += '<' + key + ':' + all_of_value(each) + '>';
    return '{' + text + '}';
  }
  if (value.is_list()) {
    for (const YamlValue& each : value.items()) text += all_of_value(each) + ',';
    return '[' + text + ']';
  }
  return value.parsed("text", [](std::string_view word) { return std::string(word); });
}

std::string with_line_ends(const std::string& text, const std::string& end) {
  std::string result;
  for (const char c : text) result += c == '\n' ? end : std::string(1, c);
  return result;
}

constexpr const char* small_file =
    "name: a b\nlist:\n  - {x: 1, y: \"two # three\"}\n  - {x: 5 us}\nmap:\n  inner: [1, 2,\n    3]\n  last: "
    "z\n";

TEST(OddYaml, LineEndsMarksAndBlanksAreNoContent) {
  const std::string plain = all_of_value(YamlValue::parse(small_file, "f.yaml"));
  EXPECT_EQ(plain, "{<name:a b><list:[{<x:1><y:two # three>},{<x:5 us>},]><map:{<inner:[1,2,3,]><last:z>}>}");
  for (const std::string& other :
       {with_line_ends(small_file, "\r\n"), "\xEF\xBB\xBF" + std::string(small_file),
        "\xEF\xBB\xBF" + with_line_ends(small_file, "\r\n"), "# first\n\n---\n" + std::string(small_file),
        with_line_ends(small_file, "   \n"), with_line_ends(small_file, "\n\n# between\n"),
        std::string(small_file) + "...\n", "%YAML 1.2\n---\n" + std::string(small_file)}) {
    EXPECT_EQ(all_of_value(YamlValue::parse(other, "f.yaml")), plain) << other;
  }
}

// Lines are counted from the file's first, whatever ends them.
TEST(OddYaml, PlacesAreLinesOfTheFile) {
  const std::string text = "# a\n\nkey:\n  - 1\n  - {inner: x}\n";
  for (const std::string& each : {text, with_line_ends(text, "\r\n"), "\xEF\xBB\xBF" + text}) {
    EXPECT_EQ(refused([&] {
                return YamlValue::parse(each, "f.yaml").at("key").items()[1].at("inner").as_integer(1, 2);
              }),
              "f.yaml:5: key[1].inner: 'x' is not a whole number from 1 to 2");
  }
}

// However deep a key stands, a second one of its name is refused at its own line.
TEST(OddYaml, KeysStandOnceAtAnyDepth) {
  const auto said = [](const std::string& text) {
    return refused([&] { return YamlValue::parse(text, "f.yaml"); });
  };
  EXPECT_EQ(said("a:\n  b: 1\n  c: 2\n  b: 3\n"), "f.yaml:4: key 'b' stands twice");
  EXPECT_EQ(said("a:\n  - x\n  - {b: 1,\n     \"b\": 2}\n"), "f.yaml:4: key 'b' stands twice");
  EXPECT_EQ(said("a: {b: 1}\nc: {b: 2}\n"), "");
  EXPECT_EQ(said("a: &x {b: 1}\nc: *x\n"), "");
}

// A file that was not copied to its end is refused, or reads as what is there: never anything else.
TEST(OddYaml, AFileCutShortIsRefusedOrRead) {
  const std::string whole = small_file;
  int read = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string said =
        refused([&] { return all_of_value(YamlValue::parse(whole.substr(0, length), "cut.yaml")); });
    if (said.empty()) {
      ++read;
    } else {
      EXPECT_TRUE(said.starts_with("cut.yaml:")) << said;
    }
  }
  EXPECT_GT(read, 20);
}

// Characters that some readers take for line ends or marks are text of a name like any other.
TEST(OddYaml, NamesOfAnyCharactersAreKept) {
  const std::vector<std::string> parts = {
      "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF", "\r", "\n", "\t",
      "\x1B",     "\x7F",         "\\x41",        "\\",           "\"", "'",  "{",
      "%",        "- ",           "? ",           ": ",           " #", "a"};
  std::mt19937 random(11);
  for (int trial = 0; trial < 300; ++trial) {
    std::string name;
    for (auto i = 1 + random() % 5; i > 0; --i) name += parts[random() % parts.size()];
    YamlTree map = YamlTree::map();
    map.add(name, YamlTree::quoted(name));
    for (const std::string& text : {yaml_line(map), yaml_text(map)}) {
      const auto entries = YamlValue::parse(text, "f.yaml").entries();
      ASSERT_EQ(entries.size(), 1U) << text;
      EXPECT_EQ(entries[0].first, name) << text;
      EXPECT_EQ(all_of_value(entries[0].second), name) << text;
    }
  }
}

TEST(OddCsv, TheSameWhateverEndsTheLines) {
  const std::string text = "a,b\n1,\"x\ny\"\n\n 2 ,\n";
  for (const char* end : {"\n", "\r\n", "  \n"}) {
    for (const bool last : {false, true}) {
      std::string other = "\xEF\xBB\xBF" + with_line_ends(text, end);
      if (!last) other.resize(other.size() - std::string(end).size());
      const CsvTable table = parse_csv(other, "f.csv");
      EXPECT_THAT(table.header->names, ElementsAre("a", "b"));
      ASSERT_EQ(table.rows.size(), 2U) << other;
      EXPECT_EQ(table.rows[0].text("b"), with_line_ends("x\ny", end));  // in quotes all is text
      EXPECT_THAT(table.rows[1].fields(), ElementsAre("2", ""));
      EXPECT_EQ(table.rows[1].line(), 5);
    }
  }
}

// A mark of comments that stands in quotes or not first is text.
TEST(OddCsv, CommentsStandFirstInTheirLine) {
  const CsvTable table = parse_csv("# one\na,b\n\"#1\",2\n3,#4\n#5,6\n\"x\n#y\",7\n", "f.csv", '#');
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(table.rows[0].text("a"), "#1");
  EXPECT_EQ(table.rows[1].text("b"), "#4");
  EXPECT_EQ(table.rows[2].text("a"), "x\n#y");
  EXPECT_EQ(table.rows[2].line(), 6);
}

// As much as the file holds: a header, nothing, or a row cut in the middle, which has too few fields.
TEST(OddCsv, AFileCutShortIsRefusedOrRead) {
  const std::string whole = "a,b,c\n1,\"2\n2\",3\n4,\"5\"\"\",6\n";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string said = refused([&] { return parse_csv(whole.substr(0, length), "cut.csv"); });
    if (!said.empty()) {
      EXPECT_TRUE(said.starts_with("cut.csv:")) << said;
    }
  }
  EXPECT_TRUE(parse_csv("", "f.csv").header->names.empty());
  EXPECT_TRUE(parse_csv("\n \r\n", "f.csv").rows.empty());
  EXPECT_TRUE(parse_csv("a,b", "f.csv").rows.empty());
}

std::string unzipped(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  std::string part(1 << 16, '\0');
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = static_cast<uInt>(part.size());
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(part, 0, part.size() - stream.avail_out);
  }
  EXPECT_EQ(status, Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  inflateEnd(&stream);
  return text;
}

// Text is packed a megabyte at a time: nothing is lost where one part ends and the next begins, nor of bytes
// that no packing makes fewer.
TEST(OddGzip, PartsAreJoinedWithoutASeam) {
  constexpr std::size_t part = 1 << 20;
  std::mt19937 random(3);
  std::string noise(2 * part + 1, '\0');
  for (char& c : noise) c = static_cast<char>(random() % 256);
  for (const std::size_t size : {std::size_t{1}, part - 1, part, part + 1, 2 * part, 2 * part + 1}) {
    const std::string text = noise.substr(0, size);
    const std::string packed = gzipped(text);
    EXPECT_EQ(unzipped(packed), text) << size;
    EXPECT_EQ(packed, gzipped(text)) << size;
    EXPECT_LT(packed.size(), size + size / 1000 + 64) << size;
  }
}

// What is shown has a number that people read: no powers of ten, at least one and below a thousand of its
// unit unless there is no larger one, and within half of the last of its four digits.
TEST(ShownQuantities, AreNumbersOfTheLargestUnitThatFits) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> exponent(0.0, 18.9);
  for (int trial = 0; trial < 2000; ++trial) {
    const auto value = static_cast<std::int64_t>(std::pow(10.0, exponent(random)));
    for (const bool time : {true, false}) {
      if (!time && value > std::int64_t{1} << 50) continue;
      const std::string shown = time ? format_time(picoseconds(value)) : format_bytes(bytes(value));
      EXPECT_EQ(shown.find('e'), std::string::npos) << shown;
      const double number = std::stod(shown);
      const bool last = shown.ends_with(" s") || shown.ends_with(" TB");
      EXPECT_GE(number, 1.0) << value;
      EXPECT_TRUE(last || number < 1000.0) << shown;
    }
  }
  EXPECT_EQ(format_time(picoseconds(999'960'000)), "1 ms");
  EXPECT_EQ(format_time(picoseconds(999'940'000)), "999.9 us");
  EXPECT_EQ(format_time(picoseconds(123'456) * 100'000'000'000), "12350 s");
  EXPECT_EQ(format_time(picoseconds(-999'960'000)), "-1 ms");
  EXPECT_EQ(format_bytes(bytes(999'950'000'000)), "1 TB");
  EXPECT_EQ(format_bytes(bytes(12'344) * 1'000'000'000'000), "12340 TB");
  EXPECT_EQ(format_bytes(bytes(0)), "0 B");
}

}  // namespace
}  // namespace bandwright
