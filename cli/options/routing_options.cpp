#include "cli/options/routing_options.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "core/parse_option.h"
#include "core/text.h"

namespace bandwright {

std::int64_t read_whole(std::string_view option, const std::string& text, std::int64_t low,
                        std::int64_t high) {
  return parse_option(option, text, [&](std::string_view word) { return parse_integer(word, low, high); });
}

void add_routing_options(CLI::App& command, RoutingWords& words) {
  command.add_option("--routing", words.routing, "over a network as it is built: a name of `list routings`")
      ->type_name("NAME");
  command.add_option("--seed", words.seed, "of what routing chooses by chance")->type_name("N");
  command.add_option("--queue-pairs", words.queue_pairs, "parts of a message that are routed each by itself")
      ->type_name("N");
}

RoutingOptions read_routing(const RoutingWords& words) {
  RoutingOptions options;
  options.routing = parse_option("--routing", words.routing, routing_named);
  options.seed = static_cast<std::uint64_t>(read_whole("--seed", words.seed, 0, largest_seed));
  options.queue_pairs = static_cast<int>(read_whole("--queue-pairs", words.queue_pairs, 1, 64));
  return options;
}

}  // namespace bandwright
