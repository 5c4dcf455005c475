#include "experiment/points/allocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "core/cut.h"
#include "core/fields.h"

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

using Key = std::tuple<std::string_view, std::string_view, std::string_view>;
Key key_of(const ShareRow& row) { return {row.network, row.allocation->name, row.target}; }

void sort_rows(ShareTable& table) {
  std::sort(table.rows.begin(), table.rows.end(),
            [](const ShareRow& a, const ShareRow& b) { return key_of(a) < key_of(b); });
  const auto twice =
      std::adjacent_find(table.rows.begin(), table.rows.end(),
                         [](const ShareRow& a, const ShareRow& b) { return key_of(a) == key_of(b); });
  if (twice != table.rows.end()) {
    throw InputError(fmt::format("the row of {}, {} and '{}' stands twice", twice->network,
                                 twice->allocation->name, twice->target));
  }
}

const Fields<ShareRow>& share_row_fields() {
  static const Fields<ShareRow> fields =
      Fields<ShareRow>(
          "shares", "the shares of one network",
          required("network", &ShareRow::network, kinds::text(), "its name"),
          required("allocation", &ShareRow::allocation, kinds::row(allocation_rules(), "allocation"),
                   "the rule they follow"),
          optional("target", &ShareRow::target, kinds::text(), "model they are made for; a group: A+B"),
          required("shares", &ShareRow::shares, kinds::list(kinds::number(1e-9, 1e9), 1),
                   "relative to their sum, the innermost dimension first"))
          .rule("shares", [](ShareRow& row) {
            if (row.shares.size() > max_dimensions) throw InputError("expected 1 to 16 shares");
          });
  return fields;
}

}  // namespace

std::span<const AllocationRule> allocation_rules() { return rules; }

const AllocationRule& allocation_rule(std::string_view name) {
  return find_in_catalogue(allocation_rules(), name, "allocation");
}

const Fields<ShareTable>& share_table_fields() {
  static const Fields<ShareTable> fields =
      Fields<ShareTable>("shares", "shares of a bandwidth budget",
                         required("name", &ShareTable::name, kinds::text(), "what answers call them"),
                         optional("help", &ShareTable::help, kinds::text(), "one line for lists"),
                         required("shares", &ShareTable::rows, kinds::list(kinds::object(share_row_fields())),
                                  "each network, allocation and target once"))
          .rule("shares", sort_rows);
  return fields;
}

ShareTable read_share_table(const YamlValue& root) { return share_table_fields().read(root); }

std::vector<double> ShareTable::divide(double budget_gb_per_s, std::string_view network, int dimensions,
                                       std::string_view rule, std::string_view target) const {
  const Key key(network, rule, target);
  const auto row = std::lower_bound(rows.begin(), rows.end(), key,
                                    [](const ShareRow& a, const Key& b) { return key_of(a) < b; });
  if (row == rows.end() || key_of(*row) != key || static_cast<int>(row->shares.size()) != dimensions) {
    throw InputError(fmt::format("the shares '{}' have no row for network {} with {} dimensions, {}{}{}",
                                 name, network, dimensions, rule, target.empty() ? "" : " made for ",
                                 target));
  }
  const double sum = std::accumulate(row->shares.begin(), row->shares.end(), 0.0);
  std::vector<double> bandwidths = row->shares;
  for (double& bandwidth : bandwidths) bandwidth = (bandwidth / sum) * budget_gb_per_s;
  return bandwidths;
}

}  // namespace bandwright
