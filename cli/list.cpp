#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/listing.h"
#include "cli/commands.h"
#include "cli/console/output.h"

namespace bandwright {
namespace {

struct ListOptions {
  std::string what;
  OutputOptions output;
};

void run(const ListOptions& options) { write_answer(options.output, listing_document(options.what)); }

}  // namespace

void add_list(CLI::App& app) {
  CLI::App* command = app.add_subcommand("list", "The words every other command understands");
  const auto options =
      std::make_shared<ListOptions>();  // shared with the callback, which outlives this function
  command->add_option("what", options->what, "one of them; without it all")->type_name("LIST");
  add_output_options(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright list\n"
      "  bandwright list models\n"
      "  bandwright list networks --format json");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
