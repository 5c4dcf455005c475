#pragma once
#include <CLI/App.hpp>
#include <functional>
#include <string>

namespace bandwright {

// The subcommands of `bandwright scale`, one file each.
void add_scale_measure(CLI::App& scale);
void add_scale_fit(CLI::App& scale);
void add_scale_simulate(CLI::App& scale);
void add_scale_trials(CLI::App& scale);

// Checks an option's number; unlike CLI::Range it knows that NaN lies in no range.
std::function<std::string(const std::string&)> number_between(double low, double high);

}  // namespace bandwright
