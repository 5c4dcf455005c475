#pragma once
#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

namespace bandwright {

// What divisions have reached on any network so far, and the last of the best so many; for several threads.
class Leaders {
 public:
  explicit Leaders(std::size_t divisions);

  // So many are wanted, of what was reached before and will be.
  void want(std::size_t divisions);
  [[nodiscard]] std::size_t wanted() const { return wanted_; }

  void reach(std::uint32_t division, double value);
  // Infinite before there are as many as wanted.
  [[nodiscard]] double last() const { return last_.load(); }
  [[nodiscard]] double reached(std::uint32_t division) const { return reached_[division].load(); }

 private:
  void lead(double value, std::uint32_t division);

  static constexpr double unreached = std::numeric_limits<double>::infinity();
  std::mutex mutex_;
  std::size_t wanted_ = 0;
  std::vector<std::pair<double, std::uint32_t>> best_;  // in order
  std::atomic<double> last_{unreached};
  std::vector<std::atomic<double>> reached_;
};

}  // namespace bandwright
