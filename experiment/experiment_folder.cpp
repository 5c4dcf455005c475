#include "experiment/experiment_folder.h"

#include <fmt/format.h>

#include <system_error>

#include "core/error.h"
#include "core/io/csv.h"
#include "core/io/files.h"
#include "core/io/paths.h"
#include "core/io/tell.h"
#include "core/text.h"
#include "core/yaml.h"
#include "experiment/evaluation.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

void require_folder_name(const std::string& name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (name.empty() || name.front() == '.' || name.find_first_not_of(allowed) != std::string::npos) {
    throw InputError(fmt::format(
        "the experiment's name '{}' is a folder's name too: expected letters, digits, '-', '_' and '.'",
        printable(name)));
  }
}

[[noreturn]] void refuse_unknown(const fs::path& csv, const std::string& name) {
  const std::vector<std::string> shipped = input_names("experiments");
  const std::vector<std::string_view> names(shipped.begin(), shipped.end());
  const std::string near = did_you_mean(name, names);
  const std::string hint = find_input("experiments", name)
                               ? fmt::format("; run: bandwright evaluate {}", name)
                           : near.empty() ? "; run: bandwright evaluate with its file"
                                          : near;
  throw InputError(fmt::format("{}: no results yet{}", csv.string(), hint));
}

}  // namespace

ExperimentFolder::ExperimentFolder(const fs::path& output, const std::string& name)
    : name_(name), results_(output / name), graphs_(output / ("graph_" + name)) {
  require_folder_name(name);
}

fs::path ExperimentFolder::store() const {
  const fs::path usual = results_ / "results.sqlite";
  return is_older_store(usual) ? results_ / "results-0.2.sqlite" : usual;
}

ResultStore ExperimentFolder::open_for_writing() const {
  make_folder(results_);
  if (const fs::path own = store(); own.filename() != "results.sqlite") {
    tell(
        "bandwright: results.sqlite in {} is of an earlier version: it stays as it is, {} is new beside it\n",
        printable(results_.string()), own.filename().string());
  }
  return ResultStore(store());
}

void ExperimentFolder::write_csv(const std::vector<Result>& results) const {
  write_whole(csv(), csv_text(result_rows(results)));
  write_whole(results_ / "convergence.csv", csv_text(convergence_rows(results)));
}

std::vector<Result> ExperimentFolder::read() const {
  std::error_code missing;
  if (!fs::exists(store(), missing)) {
    refuse_unknown(csv(), name_);
  }
  std::vector<Result> results = ResultStore(store(), ResultStore::Access::Read).listed();
  if (read_text_file(csv(), std::size_t{1} << 32) != csv_text(result_rows(results))) {
    throw InputError(
        {.file = csv().string()},
        fmt::format("differs from results.sqlite: it was changed, or an evaluation has not ended; "
                    "bandwright evaluate {} writes it again",
                    name_));
  }
  return results;
}

std::string experiment_name(std::string_view word) {
  const bool is_file = word.find('/') != std::string_view::npos || word.ends_with(".yaml");
  const auto file = is_file ? std::optional<fs::path>(word) : find_input("experiments", word);
  return file ? YamlValue::load(*file).at("name").as_string() : std::string(word);
}

}  // namespace bandwright
