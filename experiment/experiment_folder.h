#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/store.h"

namespace bandwright {

// Where an experiment called NAME keeps its results below the folder of --output:
//
//   NAME/results.csv, NAME/convergence.csv    what figures read
//   NAME/results.sqlite                       what a later run continues
//   graph_NAME/                               figures and the report
class ExperimentFolder {
 public:
  ExperimentFolder(const std::filesystem::path& output, const std::string& name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::filesystem::path csv() const { return results_ / "results.csv"; }
  // results.sqlite; results-0.2.sqlite where that is an earlier version's, which is left as it is.
  [[nodiscard]] std::filesystem::path store() const;
  [[nodiscard]] const std::filesystem::path& graphs() const { return graphs_; }

  // Creates NAME/. Throws InputError.
  [[nodiscard]] ResultStore open_for_writing() const;
  void write_csv(const std::vector<Result>& results) const;
  // The results of a finished evaluation. Throws InputError when there are none, and when results.csv is not
  // what they say: somebody changed it.
  [[nodiscard]] std::vector<Result> read() const;

 private:
  std::string name_;
  std::filesystem::path results_;
  std::filesystem::path graphs_;
};

// The name in the experiment file that `word` stands for; a word that names no file stands for itself.
std::string experiment_name(std::string_view word);

}  // namespace bandwright
