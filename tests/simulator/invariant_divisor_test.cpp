#include "simulator/transport/invariant_divisor.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>

namespace bandwright {
namespace {

// As the machine divides: at both ends of a quotient's numbers, where a reciprocal would be off by one, and
// at random.
TEST(InvariantDivisor, DividesAsTheMachineDoes) {
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  std::mt19937 random(1);
  for (const std::uint32_t d :
       std::array{1U, 2U, 3U, 5U, 7U, 8U, 641U, 1024U, 65537U, most / 2, most - 1, most}) {
    const InvariantDivisor divisor(d);
    for (int i = 0; i < 2000; ++i) {
      const auto n = static_cast<std::uint32_t>(random());
      const std::uint32_t whole = n / d * d;
      for (const std::uint32_t each : {n, whole, whole - 1, whole + (d - 1), most - n % 64, n % 64}) {
        ASSERT_EQ(divisor.quotient(each), each / d) << each << " / " << d;
      }
    }
  }
}

}  // namespace
}  // namespace bandwright
