#include "experiment/input_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiment/input_files.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

std::string joined(const std::vector<std::string>& words, std::string_view mark) {
  std::string text;
  for (const std::string& word : words)
    text += fmt::format("{0}{1}{2}{1}", text.empty() ? "" : ", ", mark, word);
  return text;
}

// What a value looks like, in words.
std::string in_words(const FieldShape& shape) {
  switch (shape.form) {
    case FieldShape::Form::Choice:
      return joined(shape.choices, "`");
    case FieldShape::Form::Struct:
      return fmt::format("a map, see {}", shape.fields->help);
    case FieldShape::Form::List:
      return shape.parts.empty() ? shape.expected : "a list: " + in_words(shape.parts.front());
    case FieldShape::Form::Map:
      if (shape.parts.empty()) return shape.expected;
      return fmt::format("a map {} {}: {}", shape.choices.empty() ? "from names to" : "with some of",
                         joined(shape.choices, "`"), in_words(shape.parts.front()));
    default:
      return shape.expected;
  }
}

// A key's earlier name, which has no help: still taken.
bool is_former(const InputField& field) { return field.help.empty(); }

class Reference {
 public:
  void add(const InputReader& reader) {
    const InputKind& kind = input_kind(reader.kind);
    text_ += fmt::format("\n## {}\n\n`{}: {}`: {}. {}.\n", kind.name, kind_key, kind.name, kind.help,
                         use_text(kind));
    for (const FieldList* keys : reader.keys) {
      if (reader.keys.size() > 1) text_ += fmt::format("\nAs {}:\n", keys->help);
      add(*keys);
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) {  // grows on the way
      text_ += fmt::format("\n### {}: {}\n", kind.name, parts_[i]->help);
      add(*parts_[i]);
    }
    parts_.clear();
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void add(const FieldList& keys) {
    text_ += "\n| key | value | without it | meaning |\n|---|---|---|---|\n";
    for (const InputField& field : keys.fields) {
      if (field.presence == FieldPresence::Derived || is_former(field)) continue;
      text_ += fmt::format("| `{}` | {} | {} | {} |\n", field.key, in_words(field.shape), without(field),
                           one_line(field.help));
      note_parts(field.shape);
    }
  }

  // A row of a table has no line ends.
  static std::string one_line(std::string_view help) {
    std::string line(help);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
  }

  static std::string without(const InputField& field) {
    if (field.presence == FieldPresence::Required) return "required";
    const bool in_help = field.usual.empty() || field.usual == "~" || field.usual == "{}" ||
                         field.usual == "[]" || field.usual.size() > 24 || field.usual == "\"\"" ||
                         field.usual == "0" || field.usual == "-1";
    return in_help ? "" : "`" + field.usual + "`";
  }

  void note_parts(const FieldShape& shape) {
    if (shape.fields != nullptr && std::find(parts_.begin(), parts_.end(), shape.fields) == parts_.end()) {
      parts_.push_back(shape.fields);
    }
    for (const FieldShape& part : shape.parts) note_parts(part);
  }

  std::string text_;
  std::vector<const FieldList*> parts_;  // the structs inside the kind at hand
};

Json schema_of(const FieldList& keys);

Json schema_of(const FieldShape& shape) {
  Json schema = Json::object();
  switch (shape.form) {
    case FieldShape::Form::Text:
      schema["type"] = "string";
      break;
    case FieldShape::Form::Integer:
    case FieldShape::Form::Number:
      schema["type"] = shape.form == FieldShape::Form::Integer ? "integer" : "number";
      schema["minimum"] = shape.low;
      schema["maximum"] = shape.high;
      break;
    case FieldShape::Form::Flag:
      schema["type"] = "boolean";
      break;
    case FieldShape::Form::Quantity:
      schema = {{"type", "string"}, {"description", shape.expected + " with its unit"}};
      break;
    case FieldShape::Form::Choice:
      schema["enum"] = shape.choices;
      break;
    case FieldShape::Form::List:
      schema["type"] = "array";
      if (!shape.parts.empty()) schema["items"] = schema_of(shape.parts.front());
      break;
    case FieldShape::Form::Map:
      schema["type"] = "object";
      for (const std::string& name : shape.choices)
        schema["properties"][name] = schema_of(shape.parts.front());
      if (!shape.choices.empty()) {
        schema["additionalProperties"] = false;
      } else if (!shape.parts.empty()) {
        schema["additionalProperties"] = schema_of(shape.parts.front());
      }
      break;
    case FieldShape::Form::Struct:
      return schema_of(*shape.fields);
    case FieldShape::Form::Either:
      if (shape.parts.empty()) schema["description"] = shape.expected;
      for (const FieldShape& part : shape.parts) schema["anyOf"].push_back(schema_of(part));
      break;
  }
  return schema;
}

Json schema_of(const FieldList& keys) {
  Json schema{{"type", "object"}, {"description", keys.help}, {"properties", Json::object()}};
  for (const InputField& field : keys.fields) {
    if (field.presence == FieldPresence::Derived) continue;
    Json& property = schema["properties"][std::string(field.key)] = schema_of(field.shape);
    if (is_former(field)) {
      property["deprecated"] = true;
    } else {
      property["description"] = field.help;
    }
    if (field.presence == FieldPresence::Required) schema["required"].push_back(field.key);
  }
  schema["additionalProperties"] = false;
  return schema;
}

}  // namespace

std::string input_reference() {
  Reference reference;
  for (const InputReader& reader : input_readers()) reference.add(reader);
  return fmt::format(
      "# Keys of the input files\n\nGenerated from the members of the program's own structs "
      "(`bandwright check --reference`); a test keeps it true.\nThe first key of a file says what it is, "
      "`{}: machine`; a file without it is taken for what it is asked for.\nUnknown keys are refused. "
      "`bandwright check --schema machine` prints a JSON schema for editors.\n{}",
      kind_key, reference.text());
}

std::string json_schema(std::string_view kind) {
  const InputKind& named = input_kind(kind);
  const auto readers = input_readers();
  const auto reader = std::find_if(readers.begin(), readers.end(),
                                   [&](const InputReader& row) { return row.kind == named.name; });
  Json root{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", named.help}};
  for (const FieldList* keys : reader->keys) {
    Json schema = schema_of(*keys);
    schema["properties"][std::string(kind_key)] = {{"const", named.name}};
    if (reader->keys.size() == 1) {
      root.update(schema);
    } else {
      root["anyOf"].push_back(std::move(schema));
    }
  }
  return root.dump(2) + '\n';
}

}  // namespace bandwright
