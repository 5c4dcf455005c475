#include "study/job/bandwidths.h"

#include <fmt/format.h>

#include "core/text.h"
#include "study/job/job_options.h"

namespace bandwright {

Budget parse_budget(std::string_view text) {
  if (trimmed(text).starts_with('$')) return parse_money(text);
  const double gb_per_s = parse_gb_per_s(text);
  if (gb_per_s <= 0.0) throw InputError(fmt::format("'{}' is not above 0", text));
  return Bandwidth(gb_per_s);
}

bool reads_as_budget(std::string_view text) {
  if (trimmed(text).starts_with('$')) return true;
  try {
    static_cast<void>(parse_gb_per_s(text));
    return true;
  } catch (const InputError&) {
    return false;
  }
}

std::vector<double> parse_bandwidths(std::string_view text, const Network& network) {
  std::vector<double> gb_per_s;
  for (const std::string_view part : split(text, ',')) gb_per_s.push_back(parse_gb_per_s(part));
  if (gb_per_s.size() == network.dimensions.size()) return gb_per_s;
  if (network.dimensions.empty()) throw InputError("one NPU has no network to have a bandwidth");
  throw InputError(fmt::format("{} bandwidths for the {} dimensions of {}", gb_per_s.size(), network.size(),
                               network.shorthand()));
}

void refuse_budget_of_links(const Job& job) {
  if (job.budget.empty()) return;
  throw InputError(
      "a budget is divided over the dimensions of a grid; the links of a network as it is built have "
      "bandwidths of their own");
}

std::vector<double> given_bandwidths(const Job& job, const Network& network) {
  if (job.bandwidth.empty()) return {};
  auto gb_per_s =
      read_word(job, &Job::bandwidth, [&](std::string_view text) { return parse_bandwidths(text, network); });
  for (const double each : gb_per_s) {
    if (each <= 0.0) throw InputError("--bandwidth: a dimension of 0 GB/s, expected more");
  }
  return gb_per_s;
}

}  // namespace bandwright
