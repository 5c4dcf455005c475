#include "study/recipe/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/error.h"
#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

// Walks a script once: words, with the variables that were set until then in their place.
class ShellWords {
 public:
  struct Word {
    std::string text;
    int line = 0;
    int command = 0;  // a line with those that it goes on in
  };
  explicit ShellWords(std::string_view text) : text_(text) {}

  std::vector<Word> read() {
    while (at_ < text_.size()) next();
    return std::move(words_);
  }

 private:
  [[nodiscard]] char here(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void step() {
    if (text_[at_++] == '\n') ++line_;
  }
  void step_over() {
    if (here() == '\n') ++command_;
    step();
  }

  void next() {
    const char c = here();
    if (c == '#') return skip_comment();
    if (std::isspace(static_cast<unsigned char>(c)) != 0 ||
        std::string_view("()[]{};&|<>").find(c) != std::string_view::npos) {
      return step_over();
    }
    if (c == '\\' && (here(1) == '\n' || here(1) == '\r')) {
      step();
      if (here() == '\r') step();
      if (at_ < text_.size()) step();
      return;
    }
    const int line = line_;
    bool quoted = false;
    take(word(quoted), quoted, line);
  }

  // What sbatch reads stands in comments.
  void skip_comment() {
    if (text_.substr(at_).starts_with("#SBATCH")) {
      at_ += 7;
      return;
    }
    while (at_ < text_.size() && here() != '\n') ++at_;
  }

  std::string word(bool& quoted) {
    std::string word;
    while (at_ < text_.size()) {
      const char c = here();
      if (c == '\'') {
        quoted = true;
        step();
        while (at_ < text_.size() && here() != '\'') {
          word += here();
          step();
        }
        if (at_ < text_.size()) step();
      } else if (c == '"') {
        quoted = true;
        step();
        while (at_ < text_.size() && here() != '"') one(word);
        if (at_ < text_.size()) step();
      } else if (std::isspace(static_cast<unsigned char>(c)) != 0 || (c == '\\' && here(1) == '\n') ||
                 std::string_view("();&|<>").find(c) != std::string_view::npos) {
        break;
      } else {
        one(word);
      }
    }
    return word;
  }

  // A character of a word, or a variable's value.
  void one(std::string& word) {
    if (here() == '$' && (here(1) == '{' || is_name(text_.substr(at_ + 1, 1)))) return variable(word);
    if (here() == '\\' && at_ + 1 < text_.size()) step();
    if (here() != '\n' || !word.empty()) word += here() == '\n' ? ' ' : here();
    step();
  }

  void variable(std::string& word) {
    const std::size_t start = at_;
    const bool braces = here(1) == '{';
    at_ += braces ? 2 : 1;
    std::size_t length = 0;
    while (std::isalnum(static_cast<unsigned char>(here(length))) != 0 || here(length) == '_') ++length;
    const std::string name(text_.substr(at_, length));
    at_ += length;
    std::string usual;
    bool has_usual = false;
    if (braces) {
      const std::size_t end = std::min(text_.find('}', at_), text_.size());
      const std::string_view rest = text_.substr(at_, end - at_);
      has_usual = rest.starts_with(":-") || rest.starts_with(":=");
      if (has_usual) usual = std::string(rest.substr(2));
      at_ = std::min(end + 1, text_.size());
    }
    const auto known = variables_.find(name);
    if (known != variables_.end() && known->second.find("--") == std::string::npos) {
      word += known->second;
    } else if (known != variables_.end() ||
               (!has_usual && text_.substr(start, at_ - start).find("[@]") != std::string_view::npos)) {
      return;  // options were read where they were put together
    } else {
      word += has_usual ? usual : std::string(text_.substr(start, at_ - start));
    }
  }

  void take(const std::string& word, bool quoted, int line) {
    const std::size_t equal = word.find('=');
    std::string_view name = std::string_view(word).substr(0, equal);
    if (name.ends_with('+')) name.remove_suffix(1);
    if (equal != std::string::npos && is_name(name)) {
      const std::string value = word.substr(equal + 1);
      variables_[std::string(name)] = value;
      if (value.find("--") != std::string::npos) add_words(value, line);
      return;
    }
    if (word.empty()) return;
    if (quoted && word.starts_with("--") && word.find(' ') != std::string::npos) return add_words(word, line);
    words_.push_back({word, line, command_});
  }

  void add_words(std::string_view text, int line) {
    for (const std::string_view each : split(text, ' ')) {
      if (!trimmed(each).empty()) words_.push_back({std::string(trimmed(each)), line, command_});
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  int command_ = 1;
  std::map<std::string, std::string> variables_;
  std::vector<Word> words_;
};

std::string setting_name(std::string_view word) {
  std::string name(word.substr(word.find_first_not_of('-')));
  // TorchTitan's sections and names keep theirs, as in its TOML.
  if (name.find('.') == std::string::npos) std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

bool is_setting(std::string_view word) {
  return word.size() > 2 && word.starts_with("--") && std::isalpha(static_cast<unsigned char>(word[2])) != 0;
}

// A value of TOML, or the values of a list on one line.
std::vector<std::string> toml_values(std::string_view text) {
  text = trimmed(text);
  std::vector<std::string> values;
  const bool is_list = text.starts_with('[') && text.ends_with(']');
  if (is_list) text = text.substr(1, text.size() - 2);
  for (const std::string_view part : is_list ? split(text, ',') : std::vector<std::string_view>{text}) {
    std::string_view value = trimmed(part);
    if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0]) {
      value = value.substr(1, value.size() - 2);
    }
    if (!value.empty() || !is_list) values.emplace_back(value);
  }
  return values;
}

// Without a comment at its end.
std::string_view uncommented(std::string_view line) {
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quote == '\0' && line[i] == '#') return line.substr(0, i);
    if (quote == '\0' && (line[i] == '"' || line[i] == '\'')) {
      quote = line[i];
    } else if (line[i] == quote) {
      quote = '\0';
    }
  }
  return line;
}

}  // namespace

void Settings::set(std::string name, std::vector<std::string> values, int line) {
  const auto [at, fresh] = index_.try_emplace(name, settings_.size());
  if (fresh) settings_.emplace_back();
  settings_[at->second] = {std::move(name), std::move(values), line};
}

Setting* Settings::find(std::string_view name) {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &settings_[found->second];
}

bool Settings::has(std::string_view name) const { return index_.contains(name); }

void Settings::fail(std::string_view name, std::string_view problem) const {
  const auto found = index_.find(name);
  const int line = found == index_.end() ? 0 : settings_[found->second].line;
  throw InputError(Place{.file = file_, .line = line, .key = printable(name)}, problem);
}

bool Settings::flag(std::string_view name) {
  Setting* setting = find(name);
  if (setting == nullptr) return false;
  setting->used = true;
  return setting->values.empty() ||
         (!equal_ignoring_case(setting->values[0], "false") && setting->values[0] != "0");
}

std::optional<std::string> Settings::text(std::string_view name) {
  Setting* setting = find(name);
  if (setting == nullptr) return std::nullopt;
  setting->used = true;
  if (setting->values.size() != 1) fail(name, fmt::format("{} values, expected one", setting->values.size()));
  return setting->values[0];
}

std::optional<std::int64_t> Settings::count(std::string_view name) {
  const std::optional<std::string> word = text(name);
  if (!word) return std::nullopt;
  if (word->starts_with('$')) fail(name, fmt::format("{} is set nowhere in it", printable(*word)));
  try {
    return parse_integer(*word, -1, most_setting);
  } catch (const InputError& error) {
    fail(name, error.what());
  }
}

std::vector<std::string> Settings::list(std::string_view name) {
  Setting* setting = find(name);
  if (setting == nullptr) return {};
  setting->used = true;
  return setting->values;
}

std::vector<const Setting*> Settings::unused() const {
  std::vector<const Setting*> left;
  for (const Setting& each : settings_) {
    if (!each.used) left.push_back(&each);
  }
  return left;
}

std::int64_t capped_product(std::initializer_list<std::int64_t> factors) {
  std::int64_t product = 1;
  for (const std::int64_t factor : factors) {
    product = factor > 0 && product > most_setting / factor ? most_setting : product * factor;
  }
  return product;
}

Settings read_command_line(std::string_view text, const std::string& file) {
  Settings settings(file);
  std::optional<Setting> open;
  int open_in = 0;
  const auto close = [&] {
    if (open) settings.set(open->name, open->values, open->line);
    open.reset();
  };
  for (const auto& [word, line, command] : ShellWords(text).read()) {
    if (is_setting(word)) {
      close();
      open_in = command;
      const std::size_t equal = word.find('=');
      open = Setting{.name = setting_name(std::string_view(word).substr(0, equal)), .line = line};
      if (equal != std::string::npos) open->values.push_back(word.substr(equal + 1));
    } else if (word.ends_with(".py")) {  // what a launcher starts is no value of its last option
      close();
    } else if (open && command == open_in) {
      open->values.push_back(word);
    }
  }
  close();
  return settings;
}

Settings read_toml(std::string_view text, const std::string& file) {
  Settings settings(file);
  std::string section;
  int number = 0;
  for (const std::string_view each : split(text, '\n')) {
    ++number;
    const std::string_view line = trimmed(uncommented(each));
    if (line.empty()) continue;
    if (line.starts_with('[') && line.ends_with(']')) {
      section = std::string(trimmed(line.substr(1, line.size() - 2)));
      continue;
    }
    const std::size_t equal = line.find('=');
    if (equal == std::string_view::npos) {
      throw InputError(Place{.file = file, .line = number},
                       fmt::format("'{}', expected [SECTION] or NAME = VALUE", printable(line)));
    }
    const std::string_view name = trimmed(line.substr(0, equal));
    settings.set(section.empty() ? std::string(name) : fmt::format("{}.{}", section, name),
                 toml_values(line.substr(equal + 1)), number);
  }
  return settings;
}

void sort_unused(Recipe& recipe, const Settings& settings, std::span<const KnownSetting> catalogue,
                 std::string_view dashes) {
  for (const Setting* setting : settings.unused()) {
    const auto known = std::find_if(catalogue.begin(), catalogue.end(), [&](const KnownSetting& each) {
      return each.name.ends_with('*') ? setting->name.starts_with(each.name.substr(0, each.name.size() - 1))
                                      : setting->name == each.name;
    });
    const std::string shown =
        fmt::format("{}{}{}{}", dashes, setting->name, setting->values.empty() ? "" : " ",
                    fmt::join(setting->values, " "));
    if (known == catalogue.end()) {
      recipe.notes.push_back(printable(shown) + ": not known here; whether it changes a layer is not either");
    } else if (known->note.empty()) {
      recipe.weightless.push_back(printable(std::string(dashes) + setting->name));
    } else {
      recipe.notes.push_back(fmt::format("{}: {}", printable(shown), known->note));
    }
  }
}

}  // namespace bandwright
