#pragma once
#include <filesystem>
#include <fstream>
#include <string>

#include "experiment/specification.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {

inline Experiment experiment_of(const std::string& text) {
  return read_experiment(YamlValue::parse(text, "test.yaml"));
}

inline void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

// What an InputError of `action` says; "" when it throws none.
template <class Action>
std::string problem_of(Action action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace bandwright
