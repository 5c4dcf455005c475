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

#include "core/catalogue.h"
#include "core/yaml.h"
#include "core/yaml_tree.h"

namespace bandwright {

struct FieldList;

// What values of a member look like, for documentation and schemas.
struct Shape {
  enum class Form : std::uint8_t { Text, Integer, Number, Flag, Quantity, Choice, List, Map, Struct, Either };
  Form form = Form::Text;
  std::string expected;  // "a time", "1 to 65536" ...
  double low = 0.0;      // of integers and numbers
  double high = 0.0;
  std::vector<std::string> choices;
  std::vector<Shape> parts;           // of a list or map its values'; the alternatives
  const FieldList* fields = nullptr;  // of a struct
};

// How values of one type are read, written and described.
template <class T>
struct Kind {
  std::function<T(const YamlValue&)> read;  // throws InputError
  std::function<YamlTree(const T&)> write;
  Shape shape;
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

Shape shape_of_integer(std::int64_t low, std::int64_t high);
Shape shape_of_list(Shape::Form form, std::string_view expected, Shape part);

template <std::integral Int = std::int64_t>
Kind<Int> integer(std::int64_t low, std::int64_t high) {
  return {[=](const YamlValue& value) { return static_cast<Int>(value.as_integer(low, high)); },
          [](const Int& value) { return YamlTree::word(std::to_string(value)); }, shape_of_integer(low, high)};
}

template <class Row>
Shape shape_of_choice(std::span<const Row> rows, std::string_view what) {
  Shape shape{.form = Shape::Form::Choice, .expected = std::string(what)};
  for (const Row& row : rows) shape.choices.emplace_back(row.name);
  return shape;
}

// A row of a catalogue by its name.
template <CatalogueRow Row>
Kind<const Row*> row(std::span<const Row> rows, std::string_view what) {
  return {[=](const YamlValue& value) {
            return value.parsed(what, [&](std::string_view word) { return &find_in_catalogue(rows, word, what); });
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

// A value by the name of its choice.
template <class Value>
Kind<Value> choice(std::span<const Choice<Value>> choices, std::string_view what) {
  return {[of = row(choices, what)](const YamlValue& value) { return of.read(value)->value; },
          [=](const Value& value) { return YamlTree::quoted(std::string(name_of_choice(choices, value))); },
          shape_of_choice(choices, what)};
}

template <class T>
Kind<std::optional<T>> maybe(Kind<T> kind) {
  Shape shape = kind.shape;
  return {[read = std::move(kind.read)](const YamlValue& value) { return std::optional<T>(read(value)); },
          [write = std::move(kind.write)](const std::optional<T>& value) { return value ? write(*value) : YamlTree(); },
          std::move(shape)};
}

// A value kept as another type: `to(from(x))` is x.
template <class To, class From>
Kind<To> mapped(Kind<From> kind, std::type_identity_t<std::function<To(const From&)>> to,
                std::type_identity_t<std::function<From(const To&)>> from) {
  Shape shape = kind.shape;
  return {[read = std::move(kind.read), to = std::move(to)](const YamlValue& value) { return to(read(value)); },
          [write = std::move(kind.write), from = std::move(from)](const To& value) { return write(from(value)); },
          std::move(shape)};
}

// [a, b, ...], of at least `fewest` values.
template <class T>
Kind<std::vector<T>> list(Kind<T> kind, std::size_t fewest = 0) {
  Shape shape = shape_of_list(Shape::Form::List, "a list", kind.shape);
  return {[=, read = std::move(kind.read)](const YamlValue& value) {
            std::vector<T> values;
            for (const YamlValue& item : value.items()) values.push_back(read(item));
            if (values.size() < fewest) value.fail(fmt::format("expected a list of at least {}", fewest));
            return values;
          },
          [write = std::move(kind.write)](const std::vector<T>& values) {
            YamlTree tree = YamlTree::list();
            for (const T& value : values) tree.add("", write(value));
            return tree;
          },
          std::move(shape)};
}

// A list, or one value that stands for a list of it alone.
template <class T>
Kind<std::vector<T>> one_or_list(Kind<T> kind) {
  Kind<std::vector<T>> many = list(kind, 1);
  Shape shape = shape_of_list(Shape::Form::Either, kind.shape.expected + ", or a list", kind.shape);
  shape.parts.push_back(many.shape);
  return {[one = std::move(kind.read), many = many.read](const YamlValue& value) {
            return value.is_list() ? many(value) : std::vector<T>{one(value)};
          },
          [one = std::move(kind.write), many = many.write](const std::vector<T>& values) {
            return values.size() == 1 ? one(values.front()) : many(values);
          },
          std::move(shape)};
}

// {name: value, ...} in the file's order.
template <class T>
Kind<std::vector<std::pair<std::string, T>>> named(Kind<T> kind) {
  Shape shape = shape_of_list(Shape::Form::Map, "a map of names", kind.shape);
  return {[read = std::move(kind.read)](const YamlValue& map) {
            std::vector<std::pair<std::string, T>> values;
            for (const auto& [key, value] : map.entries()) values.emplace_back(key, read(value));
            return values;
          },
          [write = std::move(kind.write)](const std::vector<std::pair<std::string, T>>& values) {
            YamlTree tree = YamlTree::map();
            for (const auto& [key, value] : values) tree.add(key, write(value));
            return tree;
          },
          std::move(shape)};
}

// {a: value, c: value}: an array over the rows of a catalogue, in which some may be missing.
template <class Row, class T, std::size_t N>
Kind<std::array<std::optional<T>, N>> per_row(const std::array<Row, N>& rows, Kind<T> kind) {
  Shape shape = shape_of_list(Shape::Form::Map, "a map", kind.shape);
  for (const Row& row : rows) shape.choices.emplace_back(row.name);
  return {[&rows, read = std::move(kind.read)](const YamlValue& map) {
            std::vector<std::string_view> names;
            for (const Row& row : rows) names.push_back(row.name);
            map.require_keys(names);
            std::array<std::optional<T>, N> values;
            for (std::size_t i = 0; i < N; ++i) {
              if (const auto value = map.find(names[i])) values[i] = read(*value);
            }
            return values;
          },
          [&rows, write = std::move(kind.write)](const std::array<std::optional<T>, N>& values) {
            YamlTree tree = YamlTree::map();
            for (std::size_t i = 0; i < N; ++i) {
              if (values[i]) tree.add(std::string(rows[i].name), write(*values[i]));
            }
            return tree;
          },
          std::move(shape)};
}

}  // namespace kinds
}  // namespace bandwright
