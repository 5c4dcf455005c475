#include "cli/place_options.h"

#include <fmt/format.h>

#include "memory/placement.h"

namespace bandwright {
namespace {

std::string policy_help() {
  std::string text = "policies, one or several, or all:";
  for (const Policy& policy : policies()) text += fmt::format("\n  {}: {}", policy.name, policy.help);
  return text;
}

void add_problem_options(CLI::App& command, PlaceOptions& options) {
  command.add_option("network", options.network, "a convolutional network: a name or a YAML file")
      ->type_name("NETWORK");
  command
      .add_option("--kernels", options.kernels, "measured kernels instead: a CSV file (docs/placement.md)")
      ->type_name("FILE");
  command.add_option("--batch", options.batch, "images per step, instead of the network's own")
      ->type_name("N");
  command.add_option("--tiers", options.tiers, "the two memories: a name or a YAML file")
      ->capture_default_str()
      ->type_name("TIERS");
  command.add_option("--system", options.system, "of a transformer; not available yet")->type_name("NAME");
  command.add_option("--tp", options.tensor_parallel, "of a transformer; not available yet")->type_name("N");
}

void add_memory_options(CLI::App& command, PlaceOptions& options) {
  command
      .add_option("--ratio", options.ratios, "slow to fast bytes, such as 8:1,4:1; together the graph's peak")
      ->type_name("LIST");
  command
      .add_option("--fast", options.fast,
                  "bytes of fast memory, such as '60 GiB'; default: the tier's capacity")
      ->type_name("SIZE");
  command.add_flag("--sweep", options.sweep, fmt::format("the ratios {}", sweep_ratios));
}

void add_solver_options(CLI::App& command, PlaceOptions& options) {
  command.add_option("--policy", options.policies, policy_help())->capture_default_str()->type_name("LIST");
  command.add_option("--gap", options.gap, "relative gap at which a program counts as solved")
      ->capture_default_str()
      ->type_name("NUMBER");
  command
      .add_option("--time-limit", options.time_limit,
                  "of each policy at each ratio; then the best found so far")
      ->capture_default_str()
      ->type_name("TIME");
  command
      .add_option("--window", options.window, "asynchronous copies: at most this many kernels from a user")
      ->type_name("N");
}

void add_file_options(CLI::App& command, PlaceOptions& options) {
  command.add_option("--schedule", options.schedule_file, "write the schedule as CSV")->type_name("FILE");
  command
      .add_option("--timeline", options.timeline_file, "write the schedule for chrome://tracing or Perfetto")
      ->type_name("FILE");
  command.add_flag("--plot", options.plot, "draw slowdown, accesses and traffic, and slowdown against cost");
  command.add_option("--plot-folder", options.plot_folder, "where the figure and its table go")
      ->capture_default_str()
      ->type_name("FOLDER");
  add_output_options(command, options.output);
}

}  // namespace

void add_place_options(CLI::App& command, PlaceOptions& options) {
  add_problem_options(command, options);
  add_memory_options(command, options);
  add_solver_options(command, options);
  add_file_options(command, options);
}

}  // namespace bandwright
