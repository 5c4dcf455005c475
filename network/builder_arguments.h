#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"

namespace bandwright {

// What a network's words leave open.
struct GraphDefaults {
  std::optional<Bandwidth> bandwidth;  // of an NPU, or of a link between two
  Time latency;                        // of a hop
};

// "FatTree(1024, radix 48, oversubscription 2)" taken apart: a name, extents, and keys with values. A builder
// asks for what it knows; finish() refuses what nobody asked for. Everything here throws InputError.
class BuilderArguments {
 public:
  BuilderArguments(std::string_view words, const GraphDefaults& defaults);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& words() const { return words_; }
  [[nodiscard]] const GraphDefaults& defaults() const { return defaults_; }

  // "4x8": between `least` and `most` whole numbers from 1 on. `what` they are, for the message.
  std::vector<std::int64_t> extents(std::size_t least, std::size_t most, std::string_view what);
  // What stands in their place, as it is.
  [[nodiscard]] std::string first_word() const { return extents_.value_or(""); }
  std::int64_t whole(std::string_view key, std::int64_t usual, std::int64_t low, std::int64_t high);
  double number(std::string_view key, double usual, double low, double high);
  bool yes(std::string_view key, bool usual);
  // Of one NPU or link: `bandwidth`, which the defaults may stand for.
  Bandwidth bandwidth();
  Bandwidth bandwidth(std::string_view key, Bandwidth usual);
  Time latency(std::string_view key, Time usual);
  Time latency() { return latency("latency", defaults_.latency); }
  void finish() const;

 private:
  struct Value {
    std::string text;
    bool asked = false;
  };
  const std::string* find(std::string_view key);

  std::string words_;
  std::string name_;
  std::optional<std::string> extents_;
  std::vector<std::pair<std::string, Value>> values_;
  std::vector<std::string> known_;  // keys asked for
  GraphDefaults defaults_;
};

}  // namespace bandwright
