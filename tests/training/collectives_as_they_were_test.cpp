// Times of collectives on machines, by the price of one network and by the curve over bandwidths, as they
// were.
#include <array>

#include "tests/support/as_it_was.h"
#include "training/collective_curve.h"
#include "training/collective_time.h"

namespace bandwright {
namespace {

constexpr std::array sizes = {10'000LL, 1'000'000LL, 100'000'000LL, 10'000'000'000LL};

// The machine's network of so many NPUs as dimensions of free bandwidth.
std::vector<FreeDimension> free_dimensions(const Machine& machine, const Network& network) {
  std::vector<FreeDimension> result;
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    const auto kind = static_cast<unsigned>(network.dimensions[d].kind - dimension_kinds().data());
    result.push_back(
        {&machine.dimensions[d], network.dimensions[d].npus, static_cast<std::uint8_t>(1U << kind)});
  }
  return result;
}

TEST(CollectiveTimes, AreWhatTheyWere) {
  expect_as_it_was("collective_times", 1e-7, [](const std::string& words) {
    const std::vector<std::string_view> typed = split(words, ' ');
    const Machine machine = load_machine(std::string(typed.at(0)));
    const Network network = machine.network(std::stoi(std::string(typed.at(2))));
    const Group group = whole_network(network);
    std::vector<double> at;
    for (std::size_t d = 0; d < network.dimensions.size(); ++d) at.push_back(machine.dimensions[d].gb_per_s);
    std::vector<std::string> cells = {words};
    for (const long long bytes : sizes) {
      const Collective collective{collective_kind(typed.at(1)), Bytes(bytes)};
      const double price_ns = collective_ns(machine, network, group, collective);
      cells.push_back(fmt::format("{:.9g}", price_ns));
      const CollectiveCurve curve = collective_curve(free_dimensions(machine, network), group, collective);
      cells.push_back(fmt::format("{:.9g}", curve.at(at).ns));
      for (double& b : at) b *= 0.7;
    }
    return cells;
  });
}

}  // namespace
}  // namespace bandwright
