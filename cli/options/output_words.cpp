#include "cli/options/output_words.h"

#include <algorithm>
#include <set>

namespace bandwright {
namespace {

void add_names(const CLI::App& app, std::set<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    if (!is_output(*option)) continue;
    for (const std::string& name : option->get_lnames()) names.insert("--" + name);
    for (const std::string& name : option->get_snames()) names.insert("-" + name);
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    add_names(*command, names);
  }
}

}  // namespace

bool is_output(const CLI::Option& option) {
  if (!option.get_type_name().starts_with("FILE")) return false;  // spares the library's exception
  try {
    return const_cast<CLI::Option&>(option).get_validator(output_mark) !=
           nullptr;  // the library has no const one
  } catch (const CLI::OptionNotFound&) {
    return false;
  }
}

std::vector<std::string> words_read(const CLI::App& program, const std::vector<std::string>& words) {
  std::set<std::string> names;
  add_names(program, names);
  std::vector<std::string> read;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (names.contains(words[i])) {
      ++i;  // and the file
    } else if (!names.contains(words[i].substr(0, words[i].find('=')))) {
      read.push_back(words[i]);
    }
  }
  return read;
}

}  // namespace bandwright
