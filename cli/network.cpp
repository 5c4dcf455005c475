#include "study/network.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/network.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "network/drawing.h"

namespace bandwright {
namespace {

struct NetworkOptions {
  Job job;
  std::string drawing;
  OutputOptions output;
};

void run(const NetworkOptions& options) {
  const NetworkAnswer answer = network(options.job);
  if (!options.drawing.empty()) write_output({.file = options.drawing}, drawing_of(answer.graph));
  write_answer(options.output, network_document(answer));
}

}  // namespace

void add_network(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "network",
      "What a network as it is built consists of: counts, its narrowest middle, a bill, a drawing");
  const auto options =
      std::make_shared<NetworkOptions>();  // shared with the callback, which outlives this function
  command->add_option("network", options->job.network, "a builder's words, a YAML file, or InfraGraph's")
      ->required()
      ->type_name("NETWORK");
  add_job_option(*command, options->job, &Job::bandwidth)
      ->description("of an NPU, in GB/s, where the network does not say");
  add_job_option(*command, options->job, &Job::prices);
  add_output_options(*command, options->output);
  add_output_file(*command, "--drawing", options->drawing, "write a picture as SVG");
  command->footer(
      "Builders: bandwright list builders; files: docs/networks.md\n"
      "Examples:\n"
      "  bandwright network 'FatTree(1024, radix 48, oversubscription 2)' --bandwidth 50\n"
      "  bandwright network 'RailOptimised(16x8, inside 450, bandwidth 50)' --drawing rails.svg");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
