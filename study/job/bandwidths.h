#pragma once
#include <string_view>
#include <variant>
#include <vector>

#include "core/units.h"
#include "study/job/job.h"
#include "topology/network.h"

namespace bandwright {

// "137.98,120.74" or "0.5 TB/s, 25 GB/s": one bandwidth per dimension, in GB/s where no unit is given.
std::vector<double> parse_bandwidths(std::string_view text, const Network& network);

// "325", "0.5 TB/s" or "$15M": per NPU, or for the whole network; above 0.
using Budget = std::variant<Bandwidth, Money>;
Budget parse_budget(std::string_view text);
// Whether a word can be meant as one: it is not the name of anything.
bool reads_as_budget(std::string_view text);

// Throws InputError for a budget, which no network as it is built has dimensions to divide over.
void refuse_budget_of_links(const Job& job);

// --bandwidth, above 0; empty where it was not given.
std::vector<double> given_bandwidths(const Job& job, const Network& network);

}  // namespace bandwright
