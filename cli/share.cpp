#include "study/built/share.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/built/share.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/routing_options.h"

namespace bandwright {
namespace {

struct ShareCommand {
  ShareQuestion question;
  std::vector<std::string> jobs;
  RoutingWords routing = {.routing = "ecmp"};
  OutputOptions output;
};

void run(const ShareCommand& options) {
  ShareQuestion question = options.question;
  question.routing = read_routing(options.routing);
  for (const std::string& job : options.jobs) question.jobs.push_back(parse_sharing_job(job));
  write_answer(options.output, share_document(share(question)));
}

}  // namespace

void add_share(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "share", "Several jobs on one network as it is built: what each loses to the others");
  const auto options =
      std::make_shared<ShareCommand>();  // shared with the callback, which outlives this function
  command->add_option("network", options->question.network, "a builder's words, a YAML file, or InfraGraph's")
      ->required()
      ->type_name("NETWORK");
  command
      ->add_option(
          "--job", options->jobs,
          "'name: a; at: npu[0:64]; start: 20 ms; model: llama3-8b; tp: 8': its NPUs, and the words of\n"
          "`estimate`, a collective and its size, or `workload: FOLDER` for traces; repeatable")
      ->required()
      ->type_name("WORDS")
      ->allow_extra_args(false);
  command
      ->add_option("--bandwidth", options->question.bandwidth,
                   "of an NPU, in GB/s, where the network does not say")
      ->type_name("GB/s");
  add_routing_options(*command, options->routing);
  add_output_options(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright share 'LeafSpine(2x8, oversubscription 4, bandwidth 50)' \\\n"
      "      --job 'name: a; at: npu[::2]; collective: all-reduce; size: 64 MiB' \\\n"
      "      --job 'name: b; at: npu[1::2]; start: 1 ms; collective: all-to-all; size: 64 MiB'");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
