#pragma once
#include <cstddef>
#include <functional>
#include <string_view>

namespace bandwright {

using SearchProgress = std::function<void(std::string_view stage, double share)>;

// For NumberedWork::finished: tells the share of all pieces that are done, of which some were before.
inline std::function<void(std::size_t)> telling(const SearchProgress& progress, std::string_view stage,
                                                std::size_t all, std::size_t before = 0) {
  if (!progress) return {};
  return [&progress, stage, all, done = before](std::size_t /*piece*/) mutable {
    progress(stage, static_cast<double>(++done) / static_cast<double>(all));
  };
}

}  // namespace bandwright
