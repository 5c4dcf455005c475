#pragma once
#include <algorithm>
#include <cstddef>
#include <functional>
#include <queue>
#include <vector>

namespace bandwright {

// Numbers that arrive one by one; whether each is among the best 1/eta of all so far, itself included (the
// first always is; of equal ones the earlier is the better).
//
//   best | others      two heaps, the worst of the best and the best of the others on top
//
// The best grow by at most one with each number, so that it takes at most two moves between the heaps: n log
// n for n.
class BestShare {
 public:
  explicit BestShare(std::size_t eta) : eta_(eta) {}  // at least 2

  bool offer(double number) {
    const std::size_t wanted = std::max<std::size_t>(1, (best_.size() + others_.size() + 1) / eta_);
    if (best_.size() < wanted && !others_.empty()) {
      best_.push(others_.top());
      others_.pop();
      ++moves_;
    }
    if (best_.size() < wanted) {
      best_.push(number);
      return true;
    }
    if (number <= best_.top()) {
      others_.push(number);
      return false;
    }
    others_.push(best_.top());
    best_.pop();
    best_.push(number);
    ++moves_;
    return true;
  }

  [[nodiscard]] std::size_t moves() const { return moves_; }  // between the heaps, for tests

 private:
  std::size_t eta_;
  std::priority_queue<double, std::vector<double>, std::greater<>> best_;
  std::priority_queue<double> others_;
  std::size_t moves_ = 0;
};

}  // namespace bandwright
