#include "cost_model/bill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <random>

#include "core/error.h"
#include "tests/support/reference_csv.h"

namespace bandwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// 4D, 1,024 NPUs, artifact prices. Per GB/s per NPU: Tile ring 1024/2 links x 2 = 1,024; Package fully
// connected 512 x 4 = 2,048; Node ring 512 x 4 = 2,048; Pod switch 1024 x (7.8 + 18 + 31.6) = 58,777.6.
TEST(Bill, UnitPricesOfThe4dNetwork) {
  EXPECT_THAT(unit_prices(load_network("4D"), load_price_list()),
              ElementsAre(1024.0, 2048.0, 2048.0, testing::DoubleNear(58777.6, 1e-9)));
}

// Each NPU paying for its own end of a cable doubles rings and fully connected dimensions, never switches.
TEST(Bill, CablesPaidPerNpuCostTwice) {
  const Network network = load_network("4D");
  const std::vector<double> shared = unit_prices(network, load_price_list("artifact"));
  const std::vector<double> per_npu = unit_prices(network, load_price_list("ispass"));
  for (std::size_t d = 0; d < 3; ++d) EXPECT_DOUBLE_EQ(per_npu[d], 2.0 * shared[d]);
  EXPECT_DOUBLE_EQ(per_npu[3], shared[3]);
}

TEST(Bill, OneLinePerDimensionAndElementAddsUpToTheTotal) {
  const Network network = load_network("4D");
  const std::array<double, 4> gb_per_s = {137.98, 120.74, 58.91, 7.36};
  const Bill bill = make_bill(network, load_price_list(), gb_per_s);
  ASSERT_EQ(bill.lines.size(), 3U + 3U);
  const std::vector<double> unit = unit_prices(network, load_price_list());
  EXPECT_NEAR(bill.total().value(), std::inner_product(unit.begin(), unit.end(), gb_per_s.begin(), 0.0),
              1e-6);
  for (const BillLine& line : bill.lines) {
    EXPECT_DOUBLE_EQ(line.cost.value(), line.bought.value() * line.per_gb_per_s.value());
  }
  EXPECT_DOUBLE_EQ(bill.lines[0].bought.value(), 1024 * 137.98 / 2);  // one cable serves both of its ends
}

TEST(Bill, IsLinearInBandwidth) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> bandwidth(0.0, 500.0);
  const Network network = load_network("3D");
  const PriceList prices = load_price_list();
  for (int i = 0; i < 100; ++i) {
    const std::vector<double> a = {bandwidth(random), bandwidth(random), bandwidth(random)};
    const std::vector<double> b = {bandwidth(random), bandwidth(random), bandwidth(random)};
    const std::vector<double> sum = {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
    const double apart =
        (make_bill(network, prices, a).total() + make_bill(network, prices, b).total()).value();
    EXPECT_NEAR(make_bill(network, prices, sum).total().value(), apart, 1e-9 * apart);
  }
}

TEST(Bill, NamesEveryMissingPrice) {
  const Network network = parse_network("Switch(4)_Ring(4)_Ring(2)", {"Tile", "Rack", "rack"});
  const PriceList prices = load_price_list();
  EXPECT_THAT(missing_prices(network, prices),
              ElementsAre("Tile switch", "Tile NIC", "Rack link", "rack link"));
  try {
    static_cast<void>(unit_prices(network, prices));
    FAIL() << "priced what has no price";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'artifact' has no price for: Tile switch, Tile NIC"));
  }
}

TEST(Bill, NamesTheNearestClass) {
  const Network network = parse_network("Switch(4)_Ring(4)", {"Node", "Pood"});
  try {
    static_cast<void>(unit_prices(network, load_price_list()));
    FAIL() << "priced what has no price";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Pood link; did you mean 'Pod'?"));
  }
}

// "Ring_Switch", "8_128" and "Package_Pod" as a network; the reference's class N is Node.
Network network_of(const ReferenceRow& row) {
  const std::vector<std::string_view> kinds = split(row.at("topologies"), '_');
  const std::vector<double> npus = numbers(row.at("npus_per_dim"));
  std::string shorthand;
  std::vector<std::string> classes;
  for (const std::string_view name : split(row.at("dimension_types"), '_')) {
    const std::size_t d = classes.size();
    shorthand +=
        (d == 0 ? "" : "_") + std::string(kinds[d]) + '(' + std::to_string(std::lround(npus[d])) + ')';
    classes.emplace_back(name == "N" ? "Node" : name);
  }
  return parse_network(shorthand, classes);
}

TEST(Bill, EqualsTheReferenceOnEveryRun) {
  const std::vector<ReferenceRow> rows = reference_rows("astra_sim_1_runs");
  const PriceList artifact = load_price_list("artifact");
  const PriceList astra1 = load_price_list("astra1");
  for (const ReferenceRow& row : rows) {
    const Network network = network_of(row);
    const std::vector<double> links = numbers(row.at("links_per_dim"));
    std::vector<double> gb_per_s = numbers(row.at("link_bandwidth_GiBps"));
    for (std::size_t d = 0; d < gb_per_s.size(); ++d) gb_per_s[d] *= links[d];
    for (const auto& [prices, column] :
         {std::pair(&artifact, "cost_usd_costjson"), std::pair(&astra1, "cost_usd_backend_c7315cb")}) {
      const double expected = std::stod(row.at(column));
      EXPECT_NEAR(make_bill(network, *prices, gb_per_s).total().value(), expected, 1e-9 * expected)
          << row.at("config") << " row " << row.at("stat_row");
    }
  }
}

}  // namespace
}  // namespace bandwright
