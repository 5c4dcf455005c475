#pragma once
#include <CLI/App.hpp>
#include <string>

#include "network/routes.h"

namespace bandwright {

// How messages find their ways over a network as it is built, as typed.
struct RoutingWords {
  std::string routing;
  std::string seed = "1";
  std::string queue_pairs = "1";
};

void add_routing_options(CLI::App& command, RoutingWords& words);
// Throws InputError.
RoutingOptions read_routing(const RoutingWords& words);
// A whole number from `low` to `high`.
std::int64_t read_whole(std::string_view option, const std::string& text, std::int64_t low,
                        std::int64_t high);
constexpr std::int64_t largest_seed = std::int64_t{1} << 62;

}  // namespace bandwright
