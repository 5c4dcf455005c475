#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "core/error.h"

namespace bandwright {

// Steps of the ways of flows, in blocks of powers of two that are used again.
template <class Step>
class FlowSteps {
 public:
  [[nodiscard]] std::size_t size() const { return steps_.size(); }
  Step& operator[](std::size_t step) { return steps_[step]; }
  const Step& operator[](std::size_t step) const { return steps_[step]; }

  // The first step of a block. REQUIRES a power of two.
  std::uint32_t take(std::uint32_t room) {
    std::vector<std::uint32_t>& unused = unused_[static_cast<std::size_t>(std::countr_zero(room))];
    if (!unused.empty()) {
      const std::uint32_t first = unused.back();
      unused.pop_back();
      return first;
    }
    const std::size_t first = steps_.size();
    steps_.resize(first + room);
    if (steps_.size() >= ~std::uint32_t{0}) throw InputError("flows over more than 2^32 links at a time");
    return static_cast<std::uint32_t>(first);
  }
  void give_back(std::uint32_t first, std::uint32_t room) {
    unused_[static_cast<std::size_t>(std::countr_zero(room))].push_back(first);
  }

 private:
  std::vector<Step> steps_;
  std::array<std::vector<std::uint32_t>, 32> unused_;
};

}  // namespace bandwright
