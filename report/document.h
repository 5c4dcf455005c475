#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/units.h"
#include "report/chart.h"
#include "report/keys.h"

namespace bandwright {

// A value of an answer: nothing (null), true or false, a number in the key's unit, a text, or a list.
struct Value {
  using Any = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<double>,
                           std::vector<std::string>>;
  Any any;

  Value() = default;
  template <class T>
  requires std::integral<T> Value(
      T value) {  // NOLINT(google-explicit-constructor): values are written where they are used
    if constexpr (std::same_as<T, bool>) {
      any = value;
    } else {
      any = static_cast<std::int64_t>(value);
    }
  }
  Value(double value) : any(value) {}  // NOLINT(google-explicit-constructor)
  // The quotient, unlike a product with 1e-12, is the number nearest to the whole picoseconds.
  Value(Time value)
      : any(static_cast<double>(value.value()) / 1e12) {}           // NOLINT(google-explicit-constructor)
  Value(Bytes value) : any(value.value()) {}                        // NOLINT(google-explicit-constructor)
  Value(Money value) : any(value.value()) {}                        // NOLINT(google-explicit-constructor)
  Value(Bandwidth value) : any(value.value()) {}                    // NOLINT(google-explicit-constructor)
  Value(std::string value) : any(std::move(value)) {}               // NOLINT(google-explicit-constructor)
  Value(std::string_view value) : any(std::string(value)) {}        // NOLINT(google-explicit-constructor)
  Value(const char* value) : any(std::string(value)) {}             // NOLINT(google-explicit-constructor)
  Value(std::vector<double> value) : any(std::move(value)) {}       // NOLINT(google-explicit-constructor)
  Value(std::vector<std::string> value) : any(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  template <class T>
  Value(const std::optional<T>& value) {  // NOLINT(google-explicit-constructor)
    if (value) *this = Value(*value);
  }

  [[nodiscard]] bool is_nothing() const { return std::holds_alternative<std::monostate>(any); }
  [[nodiscard]] std::optional<double> number() const;  // of an integer as well
};

// Who is told: programs read JSON and CSV, people text and pages.
enum class Shown : std::uint8_t { Everywhere, ToPrograms, ToPeople };

struct Fact {
  const Key* key = nullptr;  // none: a line for people
  Value value;
  std::string words = {};  // what people read in place of the value
  std::string label = {};  // and in place of the key's label
  Shown shown = Shown::Everywhere;
};

// Facts under one another. With a key they are an object of their own in JSON.
struct Facts {
  const Key* key = nullptr;
  std::string heading = {};
  std::vector<Fact> rows = {};

  Facts& fact(std::string_view key, Value value, std::string words = {}, std::string label = {});
  Facts& data(std::string_view key, Value value);     // for programs alone
  Facts& line(std::string label, std::string words);  // for people alone
  static Facts of(std::string_view key, std::string heading = {});
};

struct Table {
  struct Column {
    const Key* key = nullptr;
    std::string heading = {};  // in place of the key's label
    Shown shown = Shown::Everywhere;
    const Key* within = nullptr;  // in JSON, the object of the row it belongs to
  };
  const Key* key = nullptr;
  std::string heading = {};
  std::vector<Column> columns = {};
  std::vector<std::vector<Value>> rows = {};
  std::vector<Value> total = {};  // a last row for people; empty: none
  Shown shown = Shown::Everywhere;
  bool main = false;           // its rows are the rows of the CSV
  std::size_t for_people = 0;  // so many rows only; 0: all

  Table& column(std::string_view key, std::string heading = {}, Shown shown = Shown::Everywhere);
  Table& column_within(std::string_view object, std::string_view key);  // for programs alone
  static Table of(std::string_view key, std::string heading = {});
};

// Sentences, or commands to type.
struct List {
  const Key* key = nullptr;
  std::string heading = {};
  std::vector<std::string> items = {};
  bool commands = false;
  static List of(std::string_view key, std::string heading, std::vector<std::string> items);
};

using Part = std::variant<Facts, Table, List, Chart>;

// What the answer comes to, in one line.
struct Verdict {
  enum class Mood : std::uint8_t { Good, Bad, Plain };
  std::string text;
  Mood mood = Mood::Plain;
};

// The answer of one command, as a value. Every output format renders any document.
//
//   llama3-70b on 8 NPUs of DGX H100      title
//   does NOT fit: 1,420 of 80 GiB         verdict
//
//   step time   25.01 s                   facts
//
//   part        exposed (s)               tables
//   ...
//   note: ...                             notes
struct Document {
  std::string title;
  Verdict verdict = {};
  std::vector<Part> parts = {};
  std::vector<std::string> notes = {};
  Facts origin = {};  // how it came about: lines for the foot of a page

  Document& add(Part part);
  Document& fact(std::string_view key, Value value, std::string words = {}, std::string label = {});
  Document& data(std::string_view key, Value value);
  Document& line(std::string label, std::string words);
  [[nodiscard]] Facts& own_facts();  // the last part when it is facts without a key, else new ones
};

// The name and place of a document's first number that is not finite, or of a key that stands twice; "" when
// there is none. Renderers refuse such a document.
std::string fault_of(const Document& document);

}  // namespace bandwright
