#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <memory>

#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/program/run.h"
#include "core/text.h"

namespace bandwright {
namespace {

struct CompleteOptions {
  std::vector<std::string> words;  // the last one is to be completed, and may be empty
  OutputOptions output;
};

// The lists whose names an option or positional takes, by what the help calls its value.
struct ValueList {
  std::string_view type;
  std::string_view list;
};
constexpr std::array value_lists = {ValueList{"MODEL", "models"},
                                    ValueList{"MACHINE", "machines"},
                                    ValueList{"SYSTEM", "machines"},
                                    ValueList{"NETWORK", "networks"},
                                    ValueList{"LIBRARY", "libraries"},
                                    ValueList{"PRICES", "prices"},
                                    ValueList{"TIERS", "tiers"},
                                    ValueList{"POLICY", "policies"},
                                    ValueList{"EXPERIMENT", "experiments"},
                                    ValueList{"FIGURE", "figures"},
                                    ValueList{"LOOP", "loops"},
                                    ValueList{"KIND", "collectives"}};

// What several positionals in a row may be, by command.
constexpr std::array positional_lists = {ValueList{"optimize", "networks"}, ValueList{"optimize", "machines"},
                                         ValueList{"simulate", "networks"}, ValueList{"simulate", "machines"},
                                         ValueList{"estimate", "models"},   ValueList{"place", "models"}};

void add_names(std::string_view list, std::vector<std::string>& names) {
  Document answer;
  const Host host{.on_answer = [&](Document found) { answer = std::move(found); }, .on_text = {}, .stop = {}};
  run_command({"list", std::string(list)}, &host);
  for (const Part& part : answer.parts) {
    const auto* table = std::get_if<Table>(&part);
    if (table == nullptr) continue;
    for (const std::vector<Value>& row : table->rows) {
      if (const auto* name = std::get_if<std::string>(&row[1].any)) names.push_back(*name);
    }
  }
}

// The command that the words name, innermost, and how many of them do.
const CLI::App* command_of(const CLI::App& line, const std::vector<std::string>& words, std::size_t& used) {
  const CLI::App* command = &line;
  for (used = 0; used + 1 < words.size(); ++used) {
    const std::vector<const CLI::App*> inner = command->get_subcommands(
        [&](const CLI::App* each) { return equal_ignoring_case(each->get_name(), words[used]); });
    if (inner.empty()) break;
    command = inner.front();
  }
  return command;
}

void add_values(const std::string& type, std::vector<std::string>& choices) {
  if (type == "FORMAT") choices.insert(choices.end(), {"text", "json", "csv", "html"});
  if (type == "LIST") {
    for (const ValueList& row : value_lists) choices.emplace_back(row.list);
  }
  for (const ValueList& row : value_lists) {
    if (row.type == type) add_names(row.list, choices);
  }
}

std::vector<std::string> choices_for(const std::vector<std::string>& words) {
  const std::unique_ptr<CommandLine> line = whole_command_line();
  std::size_t used = 0;
  const CLI::App* command = command_of(*line, words, used);
  std::vector<std::string> choices;
  const std::string& last = words.back();
  const bool after_command = words.size() >= 2 && used < words.size() - 1;
  const CLI::Option* option = after_command ? command->get_option_no_throw(words[words.size() - 2]) : nullptr;
  if (option != nullptr && option->get_items_expected_max() > 0) {
    add_values(option->get_type_name(), choices);
    return choices;
  }
  if (last.starts_with("-")) {
    for (const CLI::Option* each : command->get_options()) {
      if (each->nonpositional() && !each->get_group().empty()) choices.push_back(each->get_name());
    }
    return choices;
  }
  for (const CLI::App* inner : command->get_subcommands([](const CLI::App*) { return true; })) {
    if (!inner->get_group().empty()) choices.push_back(inner->get_name());
  }
  for (const CLI::Option* each : command->get_options()) {
    if (!each->nonpositional()) add_values(each->get_type_name(), choices);
  }
  for (const ValueList& row : positional_lists) {
    if (row.type == command->get_name()) add_names(row.list, choices);
  }
  return choices;
}

void run(const CompleteOptions& options) {
  if (options.words.empty()) return;
  const std::string& last = options.words.back();
  std::vector<std::string> choices = choices_for(options.words);
  std::sort(choices.begin(), choices.end());
  choices.erase(std::unique(choices.begin(), choices.end()), choices.end());
  std::string text;
  for (const std::string& choice : choices) {
    if (equal_ignoring_case(std::string_view(choice).substr(0, last.size()), last)) text += choice + '\n';
  }
  write_output(options.output, text);
}

}  // namespace

void add_complete(CLI::App& app) {
  CLI::App* command = app.add_subcommand("complete", "What a word of a command line may be, for shells");
  command->group("");
  const auto options =
      std::make_shared<CompleteOptions>();  // shared with the callback, which outlives this function
  options->output.host = host_of(*command);
  command->add_option("words", options->words, "after --: the command line so far, the last word begun");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
