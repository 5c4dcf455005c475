#include "cli/program/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <sstream>
#include <vector>

#include "cli/options/option_rules.h"
#include "core/text.h"
#include "report/layout.h"

namespace bandwright {
namespace {

constexpr std::size_t page_width = 100;
constexpr std::size_t screen = 30;      // lines
constexpr std::size_t name_width = 30;  // of options, the library's
constexpr std::string_view usual_group = "Options";
constexpr std::string_view examples_heading = "Examples:";

// Lines of a description are broken anew where they stand.
std::string in_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// `text` in one line, cut between words where it is longer.
std::string cut(std::string_view text, std::size_t width) {
  std::string line = wrapped(in_one_line(std::string(text)), std::string_view::npos).front();
  if (width_of(line) <= width) return line;
  constexpr std::string_view more = " ...";
  return wrapped(line, width - more.size()).front() + std::string(more);
}

std::string option_line(const CLI::Option& option) {
  std::string name = "  " + option.get_name();
  if (option.get_type_size() != 0) name += " " + option.get_type_name();
  if (!option.get_default_str().empty() && option.get_type_size() != 0)
    name += "=" + option.get_default_str();
  if (option.get_required()) name += " REQUIRED";
  name += std::string(name.size() < name_width ? name_width - name.size() : 2, ' ');
  return name +
         (option.get_description().empty() ? "" : cut(option.get_description(), page_width - name.size()));
}

using OptionList = std::vector<const CLI::Option*>;

// Of a heading, those that help itself has left out.
OptionList options_of(const CLI::App& app, std::string_view group) {
  return app.get_options([&](const CLI::Option* option) {
    return option->get_group() == group && option->nonpositional() && option != app.get_help_ptr() &&
           option != app.get_help_all_ptr();
  });
}

// "Output: --format --timing --output"
std::string names_line(std::string_view group, std::span<const CLI::Option* const> options) {
  std::string names = fmt::format("{}:", group);
  for (const CLI::Option* const option : options) names += " " + option->get_name();
  return cut(names, page_width - 2);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
  return lines;
}

// So many lines of examples, whole ones only; the first in any case.
std::string examples_within(std::string_view footer, std::size_t lines) {
  // Under "Example:" or "Examples:".
  const std::size_t at = footer.find(examples_heading.substr(0, examples_heading.size() - 2));
  const std::size_t end = at == std::string_view::npos ? at : footer.find('\n', at);
  if (end == std::string_view::npos) return {};
  std::vector<std::string> all = lines_of(footer.substr(end + 1));
  const auto begins = [](std::string_view line) { return !line.starts_with("   "); };
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool ends = i + 1 == all.size() || begins(all[i + 1]);
    if (ends && (i + 1 <= lines || kept == 0)) kept = i + 1;
  }
  all.resize(kept);
  return fmt::format("\n{}\n{}\n", examples_heading, fmt::join(all, "\n"));
}

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string one_gap(std::string text) {
  for (std::size_t gap = text.find("\n\n\n"); gap != std::string::npos; gap = text.find("\n\n\n", gap)) {
    text.erase(gap, 1);
  }
  return text;
}

}  // namespace

std::string Help::make_option_name(const CLI::Option* option, bool positional) const {
  std::string names = CLI::Formatter::make_option_name(option, positional);
  for (const std::string_view former : former_names) {
    const std::string other = fmt::format(",--{}", former);
    const std::size_t at = names.find(other);
    const bool whole =
        at != std::string::npos && (at + other.size() == names.size() || names[at + other.size()] == ',');
    if (whole) names.erase(at, other.size());
  }
  return names;
}

std::string Help::make_option_desc(const CLI::Option* option) const {
  if (option->get_description().empty()) return {};
  const std::string text = in_one_line(option->get_description());
  return fmt::format("{}", fmt::join(wrapped(text, page_width - name_width - 2), "\n"));
}

std::string Help::make_footer(const CLI::App* app) const {
  std::string text;
  for (const std::string& line : lines_of(app->get_footer())) {
    std::string indent = line.substr(0, std::min(line.find_first_not_of(' '), line.size()));
    for (const std::string& part : wrapped(trimmed(line), page_width - indent.size())) {
      text += fmt::format("{}{}\n", indent, part);
      if (!indent.empty()) indent = "      ";
    }
  }
  return text;
}

std::string Help::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  std::string whole = one_gap(CLI::Formatter::make_help(app, name, mode));
  const bool is_command = app->get_parent() != nullptr && app->get_subcommands({}).empty();
  if (mode != CLI::AppFormatMode::Normal || !is_command || lines_in(whole) <= screen) return whole;
  const OptionList usual = options_of(*app, usual_group);
  std::vector<std::string> others;
  for (const std::string& group : app->get_groups()) {
    const OptionList options = options_of(*app, group);
    if (!group.empty() && group != usual_group && !options.empty())
      others.push_back(names_line(group, options));
  }
  const std::string head = make_description(app) + make_usage(app, std::move(name)) + make_positionals(app);
  // What is left of the screen by three gaps, three headings, an example in two lines and the other headings.
  constexpr std::size_t fixed = 8;
  const std::size_t used = lines_in(head) + others.size() + fixed;
  const std::size_t room = std::max<std::size_t>(screen - std::min(screen, used), 4);
  const std::size_t shown = usual.size() <= room ? usual.size() : room - 1;
  std::string text = fmt::format("{}\n{}:\n", head, usual_group);
  for (std::size_t i = 0; i < shown; ++i) text += option_line(*usual[i]) + "\n";
  text += "\nMore, explained by --help-all:\n";
  if (shown < usual.size()) {
    text += fmt::format("  {}\n", names_line("Also", std::span(usual).subspan(shown)));
  }
  for (const std::string& line : others) text += fmt::format("  {}\n", line);
  text = one_gap(std::move(text));
  const std::size_t taken = lines_in(text) + 2;
  return text + examples_within(make_footer(app), taken < screen ? screen - taken : 0);
}

}  // namespace bandwright
