#pragma once
#include <CLI/App.hpp>

namespace bandwright {

// The subcommands of `bandwright scale`, one file each.
void add_scale_measure(CLI::App& scale);
void add_scale_fit(CLI::App& scale);
void add_scale_simulate(CLI::App& scale);
void add_scale_trials(CLI::App& scale);

}  // namespace bandwright
