#pragma once
#include <array>
#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/choice.h"
#include "core/yaml.h"
#include "core/yaml_tree.h"

namespace bandwright {

struct FieldList;

// What values of a member look like, for documentation and schemas.
struct FieldShape {
  enum class Form : std::uint8_t { Text, Integer, Number, Flag, Quantity, Choice, List, Map, Struct, Either };
  Form form = Form::Text;
  std::string expected;  // "a time", "1 to 65536" ...
  double low = 0.0;      // of integers and numbers
  double high = 0.0;
  std::vector<std::string> choices;
  std::vector<FieldShape> parts;      // of a list or map its values'; the alternatives
  const FieldList* fields = nullptr;  // of a struct
};

// How values of one type are read, written and described.
template <class T>
struct Kind {
  std::function<T(const YamlValue&)> read;  // throws InputError
  std::function<YamlTree(const T&)> write;
  FieldShape shape;
};

namespace kinds {

Kind<std::string> text();  // not empty
Kind<bool> flag();
Kind<double> number(double low, double high);
Kind<Time> time();
Kind<Bytes> size(Bytes low = {});
Kind<Bandwidth> bandwidth(Bandwidth low = {});
Kind<FlopRate> flop_rate();
Kind<Money> dollars(double high);  // a plain number

constexpr Bandwidth least_bandwidth = gb_per_s(1e-6);  // 1 kB/s: no step divides by less

Kind<double> gb_per_s();  // a bandwidth above 0, kept as a number

FieldShape shape_of_integer(std::int64_t low, std::int64_t high);
FieldShape shape_of_list(FieldShape::Form form, std::string_view expected, FieldShape part);

template <std::integral Int = std::int64_t>
Kind<Int> integer(std::int64_t low, std::int64_t high) {
  return {[=](const YamlValue& value) { return static_cast<Int>(value.as_integer(low, high)); },
          [](const Int& value) { return YamlTree::word(std::to_string(value)); },
          shape_of_integer(low, high)};
}

template <class Row>
FieldShape shape_of_choice(std::span<const Row> rows, std::string_view what) {
  FieldShape shape{.form = FieldShape::Form::Choice, .expected = std::string(what)};
  for (const Row& row : rows) shape.choices.emplace_back(row.name);
  return shape;
}

// A row of a catalogue by its name.
template <CatalogueRow Row>
Kind<const Row*> row(std::span<const Row> rows, std::string_view what) {
  return {[=](const YamlValue& value) {
            return value.parsed(what,
                                [&](std::string_view word) { return &find_in_catalogue(rows, word, what); });
          },
          [](const Row* const& chosen) {
            return chosen == nullptr ? YamlTree() : YamlTree::quoted(std::string(chosen->name));
          },
          shape_of_choice(rows, what)};
}

// The same, kept as the row's own spelling of its name.
template <CatalogueRow Row>
Kind<std::string> name_of(std::span<const Row> rows, std::string_view what) {
  return {[of = row(rows, what)](const YamlValue& value) { return std::string(of.read(value)->name); },
          [](const std::string& name) { return YamlTree::quoted(name); }, shape_of_choice(rows, what)};
}

// A value by the name of its choice. REQUIRES that `choices` is a constant of the program.
template <class Value, std::size_t N>
Kind<Value> choice(const std::array<Choice<Value>, N>& choices, std::string_view what) {
  const std::span<const Choice<Value>> rows(choices);
  return {
      [of = row(rows, what)](const YamlValue& value) { return of.read(value)->value; },
      [&choices](const Value& value) { return YamlTree::quoted(std::string(choice_name(choices, value))); },
      shape_of_choice(rows, what)};
}

template <class T>
Kind<std::optional<T>> maybe(Kind<T> kind) {
  FieldShape shape = kind.shape;
  return {[read = std::move(kind.read)](const YamlValue& value) { return std::optional<T>(read(value)); },
          [write = std::move(kind.write)](const std::optional<T>& value) {
            return value ? write(*value) : YamlTree();
          },
          std::move(shape)};
}

// A value kept as another type: `to(from(x))` is x.
template <class To, class From>
Kind<To> mapped(Kind<From> kind, std::type_identity_t<std::function<To(const From&)>> to,
                std::type_identity_t<std::function<From(const To&)>> from) {
  FieldShape shape = kind.shape;
  return {
      [read = std::move(kind.read), to = std::move(to)](const YamlValue& value) { return to(read(value)); },
      [write = std::move(kind.write), from = std::move(from)](const To& value) { return write(from(value)); },
      std::move(shape)};
}

}  // namespace kinds
}  // namespace bandwright
