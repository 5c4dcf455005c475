#include "cli/memory_fit.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace bandwright {
namespace {

constexpr double gib = 1073741824.0;

}  // namespace

std::string fit_text(const MemoryFit& fit) {
  const double slow = fit.slow_memory / gib;
  const double capacity = fit.memory_capacity / gib - slow;
  if (fit.fits()) {
    return fmt::format("fits into {:.0f} GiB{}", capacity,
                       slow > 0.0 ? fmt::format(" and {:.0f} GiB of slow memory", slow) : "");
  }
  return fmt::format("does not fit into {:.0f} GiB; the largest part is {}; {}", capacity,
                     fit.memory.largest().name,
                     fit.remedy.empty() ? "no setting tried here makes it fit"
                                        : fmt::format("it would fit with {}", fit.remedy));
}

std::string need_text(const MemoryFit& fit) {
  return fmt::format("{:.2f} GiB per NPU, {}", fit.memory.total() / gib, fit_text(fit));
}

nlohmann::ordered_json fit_json(const MemoryFit& fit) {
  return {
      {"memory_gib", fit.memory.total() / gib},
      {"memory_capacity_gib", fit.memory_capacity / gib},
      {"fits", fit.fits()},
      {"would_fit_with", fit.remedy.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(fit.remedy)}};
}

}  // namespace bandwright
