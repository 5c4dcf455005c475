#include "core/field_kinds.h"

#include <fmt/format.h>

namespace bandwright::kinds {
namespace {

FieldShape quantity(std::string_view expected) {
  return {.form = FieldShape::Form::Quantity, .expected = std::string(expected)};
}

template <class Quantity>
void require_at_least(const YamlValue& value, Quantity found, Quantity low, std::string_view unit) {
  if (found < low) value.fail(fmt::format("expected at least {} {}", low.value(), unit));
}

// The shortest text that reads back as the same number.
YamlTree number_word(double value, std::string_view unit = "") {
  return YamlTree::word(fmt::format("{}{}{}", value, unit.empty() ? "" : " ", unit));
}

}  // namespace

FieldShape shape_of_integer(std::int64_t low, std::int64_t high) {
  return {.form = FieldShape::Form::Integer,
          .expected = fmt::format("{} to {}", low, high),
          .low = static_cast<double>(low),
          .high = static_cast<double>(high)};
}

FieldShape shape_of_list(FieldShape::Form form, std::string_view expected, FieldShape part) {
  FieldShape shape{.form = form, .expected = std::string(expected)};
  shape.parts.push_back(std::move(part));
  return shape;
}

Kind<std::string> text() {
  return {[](const YamlValue& value) { return value.as_string(); },
          [](const std::string& value) { return YamlTree::quoted(value); },
          {.form = FieldShape::Form::Text, .expected = "text"}};
}

Kind<bool> flag() {
  return {[](const YamlValue& value) { return value.as_bool(); },
          [](const bool& value) { return YamlTree::word(value ? "true" : "false"); },
          {.form = FieldShape::Form::Flag, .expected = "true or false"}};
}

Kind<double> number(double low, double high) {
  return {[=](const YamlValue& value) { return value.as_number(low, high); },
          [](const double& value) { return number_word(value); },
          {.form = FieldShape::Form::Number,
           .expected = fmt::format("{} to {}", low, high),
           .low = low,
           .high = high}};
}

Kind<Time> time() {
  return {
      [](const YamlValue& value) { return value.as_time(); },
      [](const Time& value) {
        const std::int64_t ps = value.value();
        return YamlTree::word(ps % 1000 == 0 ? fmt::format("{} ns", ps / 1000) : fmt::format("{} ps", ps));
      },
      quantity("a time")};
}

Kind<Bytes> size(Bytes low) {
  return {[=](const YamlValue& value) {
            const Bytes found = value.as_bytes();
            require_at_least(value, found, low, "B");
            return found;
          },
          [](const Bytes& value) { return YamlTree::word(fmt::format("{} B", value.value())); },
          quantity("a size")};
}

Kind<Bandwidth> bandwidth(Bandwidth low) {
  return {[=](const YamlValue& value) {
            const Bandwidth found = value.as_bandwidth();
            require_at_least(value, found, low, "GB/s");
            return found;
          },
          [](const Bandwidth& value) { return number_word(value.value(), "GB/s"); }, quantity("a bandwidth")};
}

Kind<double> gb_per_s() {
  return mapped<double>(
      bandwidth(least_bandwidth), [](const Bandwidth& b) { return b.value(); },
      [](const double& b) { return Bandwidth(b); });
}

Kind<FlopRate> flop_rate() {
  return {[](const YamlValue& value) { return value.as_flop_rate(); },
          [](const FlopRate& value) { return number_word(value.value(), "FLOP/s"); },
          quantity("a compute rate")};
}

Kind<Money> dollars(double high) {
  return {[=](const YamlValue& value) { return Money(value.as_number(0.0, high)); },
          [](const Money& value) { return number_word(value.value()); },
          {.form = FieldShape::Form::Number,
           .expected = fmt::format("0 to {} dollars", high),
           .low = 0.0,
           .high = high}};
}

}  // namespace bandwright::kinds
