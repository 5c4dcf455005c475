#include "study/cost.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/bill.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/job_options.h"

namespace bandwright {
namespace {

struct CostOptions {
  Job job;
  OutputOptions output;
};

void run(const CostOptions& options) {
  const auto [network, prices, gb_per_s, bill] = cost(options.job);
  write_answer(options.output, cost_document(network, prices, gb_per_s, bill));
}

}  // namespace

void add_cost(CLI::App& app) {
  CLI::App* command = app.add_subcommand("cost", "What a network costs: a bill of links, switches and NICs");
  const auto options =
      std::make_shared<CostOptions>();  // shared with the callback, which outlives this function
  command->add_option("network", options->job.network, "a name, a YAML file, or Ring(8)_Switch(128)")
      ->required()
      ->type_name("NETWORK");
  add_job_option(*command, options->job, &Job::bandwidth)->required();
  add_job_options(*command, options->job, OptionGroup::Prices);
  add_output_options(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright cost 4D --bandwidth 137.98,120.74,58.91,7.36\n"
      "  bandwright cost 'Ring(8)_Switch(128)' --classes Package,Pod --bandwidth 300,25 --format csv\n"
      "  bandwright cost 4D --bandwidth 81.25,81.25,81.25,81.25 --prices ispass");
  let_start_fresh(*command, options);
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
