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
  std::vector<std::string> words;  // positionals
  Job job;
  OutputOptions output;
};

// <network> [<budget>], or a machine in its place; each where no option gives it.
void take_words(std::vector<std::string> words, Job& job) {
  if (job.machine.empty()) take_word(words, job.network);
  if (job.bandwidth.empty()) take_word(words, job.budget);
  refuse_second_budget(job, words);
  refuse_words(words);
  take_network_as_machine(job);
  if (job.network.empty() && job.machine.empty()) {
    throw InputError("missing <network>: bandwright cost <network> [<budget>], or <machine> --npus N");
  }
}

void run(CostOptions options) {
  take_words(std::move(options.words), options.job);
  write_answer(options.output, cost_document(cost(options.job)));
}

}  // namespace

void add_cost(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("cost", "What a network costs, or a machine's: a bill of links, switches and NICs");
  const auto options =
      std::make_shared<CostOptions>();  // shared with the callback, which outlives this function
  command->add_option("words", options->words)
      ->option_text(
          "<network> [<budget>]\n"
          "      network: a name, a YAML file, Ring(8)_Switch(128) or FatTree(64)\n"
          "      budget: GB/s per NPU, in equal shares; not with --bandwidth\n"
          "or    <machine> --npus N [<budget>]: at the machine's bandwidths, where nothing else is given");
  Job& job = options->job;
  add_job_option(*command, job, &Job::network);
  add_job_option(*command, job, &Job::machine)->default_str("");
  add_job_option(*command, job, &Job::npus)->description("of the machine");
  add_job_option(*command, job, &Job::budget)->description("GB/s per NPU, in equal shares");
  add_job_option(*command, job, &Job::bandwidth);
  add_job_options(*command, job, OptionGroup::Prices);
  add_output_options(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright cost 4D --bandwidth 137.98,120.74,58.91,7.36\n"
      "  bandwright cost 'Ring(8)_Switch(128)' --classes Package,Pod --bandwidth 300,25 --format csv\n"
      "  bandwright cost 4D 325 --prices ispass\n"
      "  bandwright cost dgx-h100 --npus 64\n"
      "  bandwright cost 'RailOptimised(16x8, inside 450, bandwidth 50)'");
  let_start_fresh(*command, options);
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
