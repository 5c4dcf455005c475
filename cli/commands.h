#pragma once
#include <CLI/App.hpp>

namespace bandwright {

// Each command lies in a file of its own, cli/<command>.cpp, with a function
//
//   void add_<command>(CLI::App& app);
//
// that adds the subcommand, its options and the callback that runs it, and stands in the list of
// cli/main.cpp. A callback prints its answer on standard output and returns: exit status 0. It throws
// InputError for bad input (status 2, one line on standard error), and CLI::RuntimeError(1) after printing
// why there is no answer (status 1).

void add_calibrate(CLI::App& app);
void add_check(CLI::App& app);
void add_complete(CLI::App& app);
void add_cost(CLI::App& app);
void add_estimate(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_export(CLI::App& app);
void add_import(CLI::App& app);
void add_plan(CLI::App& app);
void add_plot(CLI::App& app);
void add_report(CLI::App& app);
void add_table(CLI::App& app);
void add_list(CLI::App& app);
void add_network(CLI::App& app);
void add_optimize(CLI::App& app);
void add_place(CLI::App& app);
void add_scale(CLI::App& app);
void add_simulate(CLI::App& app);
void add_validate(CLI::App& app);
void add_verify(CLI::App& app);

}  // namespace bandwright
