#include "study/cost.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/bill.h"
#include "cli/commands.h"
#include "cli/job_options.h"
#include "cli/output.h"

namespace bandwright {
namespace {

struct CostOptions {
  Job job;
  OutputOptions output;
};

std::string as_json(const Network& network, const PriceList& prices, const std::vector<double>& gb_per_s,
                    const Bill& bill) {
  nlohmann::ordered_json root;
  root["schema_version"] = 1;
  root["network"] = network.shorthand();
  root["npus"] = network.npus();
  root["prices"] = prices.name;
  root["bandwidth_gb_per_s"] = gb_per_s;
  root["cost_usd"] = bill.total().value();
  root["bill"] = bill_json(network, bill);
  return root.dump(2) + '\n';
}

std::string as_text(const Network& network, const PriceList& prices, const Bill& bill) {
  return fmt::format("{}: {}, {} NPUs, prices '{}'\n\n{}", network.name, network.shorthand(), network.npus(),
                     prices.name, aligned(bill_table(network, bill), 3));
}

void run(const CostOptions& options) {
  const auto [network, prices, gb_per_s, bill] = cost(options.job);
  switch (options.output.format) {
    case OutputFormat::Text:
      return write_output(options.output, as_text(network, prices, bill));
    case OutputFormat::Csv:
      return write_output(options.output, as_csv(bill_csv(network, bill)));
    case OutputFormat::Json:
      return write_output(options.output, as_json(network, prices, gb_per_s, bill));
  }
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
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
