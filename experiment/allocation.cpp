#include "experiment/allocation.h"

#include <fmt/format.h>

#include <array>
#include <numeric>

#include "core/catalogue.h"
#include "core/cut.h"
#include "core/yaml.h"

namespace bandwright {
namespace {

constexpr std::array rules = {
    AllocationRule{"EqualBW", "the same bandwidth for every dimension", Goal::Equal},
    AllocationRule{"PerfOptBW", "the shortest step of the target model", Goal::Perf},
    AllocationRule{"PerfPerCostOptBW", "the best performance per dollar of the target model",
                   Goal::PerfPerCost},
    AllocationRule{"GroupOptBW", "the shortest sum of the steps of all models", Goal::GroupPerf},
    AllocationRule{"DGX-like", "300 : 25, as the links of DGX machines are; from a table", Goal::Given},
    AllocationRule{"OwnBW", "the bandwidths that the machine has, without a budget", Goal::Own}};

std::vector<double> read_shares(const YamlValue& list) {
  std::vector<double> shares;
  for (const YamlValue& item : list.items()) shares.push_back(item.as_number(1e-9, 1e9));
  if (shares.empty() || shares.size() > max_dimensions) list.fail("expected 1 to 16 shares");
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace

std::span<const AllocationRule> allocation_rules() { return rules; }

const AllocationRule& allocation_rule(std::string_view name) {
  return find_in_catalogue(allocation_rules(), name, "allocation");
}

ShareTable ShareTable::load(const std::filesystem::path& file) {
  const YamlValue root = YamlValue::load(file);
  root.require_keys({"name", "help", "shares"});
  ShareTable table;
  table.name_ = root.at("name").as_string();
  for (const YamlValue& row : root.at("shares").items()) {
    row.require_keys({"network", "allocation", "target", "shares"});
    const auto target = row.find("target");
    const Key key(row.at("network").as_string(),
                  row.at("allocation").parsed("an allocation", allocation_rule).name,
                  target ? target->as_string() : std::string());
    if (!table.shares_.emplace(key, read_shares(row.at("shares"))).second) row.fail("this row stands twice");
  }
  return table;
}

std::vector<double> ShareTable::divide(double budget_gb_per_s, std::string_view network, int dimensions,
                                       std::string_view rule, std::string_view target) const {
  const auto row = shares_.find(Key(network, rule, target));
  if (row == shares_.end() || static_cast<int>(row->second.size()) != dimensions) {
    throw InputError(fmt::format("the shares '{}' have no row for network {} with {} dimensions, {}{}{}",
                                 name_, network, dimensions, rule, target.empty() ? "" : " made for ",
                                 target));
  }
  std::vector<double> bandwidths = row->second;
  for (double& bandwidth : bandwidths) bandwidth *= budget_gb_per_s;
  return bandwidths;
}

}  // namespace bandwright
