#include "answers/recipe.h"

#include <fmt/format.h>

#include "core/text.h"
#include "study/job/job_options.h"

namespace bandwright {
namespace {

// What the command cannot go without.
std::vector<std::string> missing(const Job& job) {
  std::vector<std::string> names;
  if (job.model.empty()) names.emplace_back("--model");
  if (job.machine.empty()) names.emplace_back("--machine");
  if (job.npus.empty()) names.emplace_back("--npus");
  return names;
}

std::vector<std::string> remarks(const Recipe& recipe) {
  std::vector<std::string> all = recipe.notes;
  const std::vector<std::string> names = missing(recipe.job);
  if (!names.empty()) all.push_back(fmt::format("not in it: give {} to import", fmt::join(names, ", ")));
  return all;
}

std::string commented(std::string_view text) {
  constexpr std::size_t width = 110;
  std::string lines;
  std::string line = "#";
  for (const std::string_view word : split(text, ' ')) {
    if (line.size() + 1 + word.size() > width && line.size() > 3) {
      lines += line + "\n";
      line = "#  ";
    }
    line += fmt::format(" {}", word);
  }
  return lines + line + "\n";
}

}  // namespace

Document recipe_document(const std::string& file, const Recipe& recipe) {
  Document document{.title = fmt::format("{}: {}", printable(file), recipe.software)};
  document.data("file", file).data("software", recipe.software);
  document.fact("estimate_command", estimate_command(recipe.job));
  Table job = Table::of("job_words");
  job.main = true;
  job.column("option").column("value");
  for (const JobOption* option : given_options(recipe.job)) {
    job.rows.push_back({typed_name(*option), recipe.job.*option->word});
  }
  document.add(std::move(job));
  if (!recipe.weightless.empty()) {
    document.add(List::of("weightless", "settings that make no step longer or shorter", recipe.weightless));
  }
  document.notes = remarks(recipe);
  return document;
}

std::string recipe_script(const std::string& file, const Recipe& recipe) {
  std::string script =
      commented(fmt::format("{}: what {} is told, as a job", printable(file), recipe.software));
  for (const std::string& remark : remarks(recipe)) script += commented("- " + remark);
  if (!recipe.weightless.empty()) {
    script += commented(fmt::format("without weight in a step: {}", fmt::join(recipe.weightless, " ")));
  }
  return script + estimate_command(recipe.job) + "\n";
}

}  // namespace bandwright
