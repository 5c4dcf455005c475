#pragma once
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/field_kinds.h"

namespace bandwright::kinds {

// [a, b, ...], of at least `fewest` values.
template <class T>
Kind<std::vector<T>> list(Kind<T> kind, std::size_t fewest = 0) {
  FieldShape shape = shape_of_list(FieldShape::Form::List, "a list", kind.shape);
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
  FieldShape shape = shape_of_list(FieldShape::Form::Either, kind.shape.expected + ", or a list", kind.shape);
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
  FieldShape shape = shape_of_list(FieldShape::Form::Map, "a map of names", kind.shape);
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
  FieldShape shape = shape_of_list(FieldShape::Form::Map, "a map", kind.shape);
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

}  // namespace bandwright::kinds
