#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/bill.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"

namespace bandwright {
namespace {

struct CostOptions {
  NetworkOptions network;
  std::string bandwidth;
  OutputOptions output;
};

void run(const CostOptions& options) {
  const Network network = load(options.network);
  const PriceList prices = load_price_list(options.network.prices);
  const std::vector<double> gb_per_s =
      parse_option("--bandwidth", options.bandwidth,
                   [&](std::string_view text) { return parse_bandwidths(text, network); });
  const Bill bill = make_bill(network, prices, gb_per_s);
  write_answer(options.output, cost_document(network, prices, gb_per_s, bill));
}

}  // namespace

void add_cost(CLI::App& app) {
  CLI::App* command = app.add_subcommand("cost", "What a network costs: a bill of links, switches and NICs");
  const auto options =
      std::make_shared<CostOptions>();  // shared with the callback, which outlives this function
  command->add_option("network", options->network.network, "a name, a YAML file, or Ring(8)_Switch(128)")
      ->required()
      ->type_name("NETWORK");
  command->add_option("--bandwidth", options->bandwidth, "GB/s per NPU of each dimension, innermost first")
      ->required()
      ->type_name("LIST");
  add_network_options(*command, options->network);
  add_output_options(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright cost 4D --bandwidth 137.98,120.74,58.91,7.36\n"
      "  bandwright cost 'Ring(8)_Switch(128)' --classes Package,Pod --bandwidth 300,25 --format csv\n"
      "  bandwright cost 4D --bandwidth 81.25,81.25,81.25,81.25 --prices ispass");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
