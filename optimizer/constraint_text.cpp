#include "optimizer/constraint_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

constexpr double largest_in_text = 1e12;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_';
}

// coefficients . b + constant; both sides are collected on the left, those of the right with sign -1.
//
//   constraint = side ("<=" | ">=" | "=" | "<" | ">" | "==") side
//   side       = ["-"] term { ("+" | "-") term }
//   term       = number ["*"] variable | variable | number [unit] | "$" number [suffix]
class ConstraintParser {
 public:
  ConstraintParser(std::string_view text, int dimensions, std::span<const double> prices)
      : text_(trimmed(text)), rest_(text_), dimensions_(dimensions), prices_(prices) {
    constraint_.coefficients.assign(static_cast<std::size_t>(dimensions), 0.0);
  }

  Constraint parse() && {
    side(1.0);
    constraint_.sense = sense();
    side(-1.0);
    if (!rest_.empty()) fail(fmt::format("'{}' is unexpected", rest_));
    double largest = 0.0;
    for (double& coefficient : constraint_.coefficients) {
      largest = std::max(largest, std::abs(coefficient));
    }
    if (largest == 0.0) fail("no bandwidth is left in it");
    constraint_.name = text_;
    constraint_.bound = -constant_;
    return std::move(constraint_);
  }

 private:
  [[noreturn]] void fail(std::string_view problem) const {
    throw InputError(fmt::format("constraint '{}': {}, expected a form such as b1 + b2 <= 700",
                                 printable(text_), printable(problem)));
  }

  void skip_space() { rest_ = trimmed(rest_); }

  bool take(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    skip_space();
    return true;
  }

  Sense sense() {
    if (take("<=") || take("<")) return Sense::AtMost;
    if (take(">=") || take(">")) return Sense::AtLeast;
    if (take("==") || take("=")) return Sense::Equal;
    fail(rest_.empty() ? "<=, >= or = is missing" : fmt::format("'{}' is unexpected", rest_));
  }

  void side(double sign) {
    double term_sign = take("-") ? -sign : sign;
    for (;;) {
      term(term_sign);
      if (take("+")) {
        term_sign = sign;
      } else if (take("-")) {
        term_sign = -sign;
      } else {
        return;
      }
    }
  }

  void term(double sign) {
    skip_space();
    if (rest_.starts_with('$')) {
      constant_ += sign * money();
      return;
    }
    const bool numbered = !rest_.empty() && (rest_[0] == '.' || (rest_[0] >= '0' && rest_[0] <= '9'));
    const double factor = sign * (numbered ? number() : 1.0);
    const bool times = numbered && take("*");
    skip_space();
    const std::string_view name = word();
    if (name.empty() && numbered && !times) {
      constant_ += factor;
    } else if (!add_variable(name, factor)) {
      if (!numbered || times) unknown(name);
      constant_ += factor * unit(name);
    }
  }

  double number() {
    double value = 0.0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || !(std::abs(value) <= largest_in_text)) {
      fail(fmt::format("'{}' is not a number up to {:g}", rest_, largest_in_text));
    }
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

  std::string_view word() {
    std::size_t length = 0;
    while (length < rest_.size() && is_word(rest_[length])) ++length;
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  double money() {
    std::size_t length = 1;
    while (length < rest_.size() && (is_word(rest_[length]) || rest_[length] == '.')) ++length;
    const double amount = parse_money(rest_.substr(0, length)).value();
    rest_.remove_prefix(length);
    return amount;
  }

  bool add_variable(std::string_view name, double factor) {
    std::vector<double>& sum = constraint_.coefficients;
    if (equal_ignoring_case(name, "total")) {
      for (double& coefficient : sum) coefficient += factor;
      return true;
    }
    if (equal_ignoring_case(name, "cost")) {
      if (prices_.empty()) fail("the cost is unknown because prices are missing");
      for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += factor * prices_[d];
      return true;
    }
    if (name.size() < 2 || (name[0] != 'b' && name[0] != 'B')) return false;
    int dimension = 0;
    const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), dimension);
    if (error != std::errc() || end != name.data() + name.size()) return false;
    if (dimension < 1 || dimension > dimensions_) {
      fail(fmt::format("there is no dimension {} (b1 to b{})", name, dimensions_));
    }
    sum[static_cast<std::size_t>(dimension) - 1] += factor;
    return true;
  }

  [[nodiscard]] double unit(std::string_view name) const {
    try {
      return parse_bandwidth(fmt::format("1 {}", name)).value();
    } catch (const InputError&) {
      unknown(name);
    }
  }

  [[noreturn]] void unknown(std::string_view name) const {
    static constexpr std::array<std::string_view, 4> known = {"b1", "total", "cost", "GB/s"};
    if (name.empty()) fail(rest_.empty() ? "a term is missing" : fmt::format("'{}' is unexpected", rest_));
    fail(fmt::format("unknown word '{}'{} (b1 to b{}, total, cost, or a unit)", name,
                     did_you_mean(name, known), dimensions_));
  }

  std::string_view text_;
  std::string_view rest_;
  int dimensions_;
  std::span<const double> prices_;
  Constraint constraint_;
  double constant_ = 0.0;
};

}  // namespace

Constraint parse_constraint(std::string_view text, int dimensions, std::span<const double> prices) {
  return ConstraintParser(text, dimensions, prices).parse();
}

}  // namespace bandwright
