#pragma once
#include <cstdint>

namespace bandwright {

// Division of 32-bit numbers by one that stays the same: two multiplications in place of a division.
// Source: Lemire, Kaser and Kurz, "Faster remainder by direct computation" (Softw. Pract. Exper. 2019): with
// m = ceil(2^64 / d), n / d = floor(m n / 2^64) for all n and d > 1 of 32 bits.
class InvariantDivisor {
 public:
  // REQUIRES d > 0.
  constexpr explicit InvariantDivisor(std::uint32_t d) : reciprocal_(d > 1 ? ~std::uint64_t{0} / d + 1 : 0) {}
  [[nodiscard]] constexpr std::uint32_t quotient(std::uint32_t n) const {
    __extension__ using Wide = unsigned __int128;
    if (reciprocal_ == 0) return n;
    return static_cast<std::uint32_t>((static_cast<Wide>(reciprocal_) * n) >> 64);
  }

 private:
  std::uint64_t reciprocal_;  // 0: of 1
};

}  // namespace bandwright
