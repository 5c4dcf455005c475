#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "core/units.h"
#include "step/step.h"

namespace bandwright {

// A block of a step that is played round after round, and from when on its rounds repeat. Whenever the first
// operation of a round has started, the engine shows its state relative to that round and that moment. When
// a state comes again the rounds in between are a period: the future is the same but for a shift, as long as
// there are rounds left.
//
//   state     s0   s1   s2   s1        rounds 1 and 2 are a period: what follows round 1 follows round 3
//   round     0    1    2    3  ...
class RoundWatch {
 public:
  // Rounds of so many operations each, from an operation on.
  RoundWatch(OperationId first, std::uint32_t length, std::uint32_t rounds)
      : first_(first), length_(length), rounds_(rounds) {}

  [[nodiscard]] bool begins_round(OperationId id) const { return id == first_ + round_ * length_; }
  [[nodiscard]] OperationId round_start() const { return first_ + round_ * length_; }
  [[nodiscard]] bool inside(OperationId id) const { return id >= first_ && id < first_ + rounds_ * length_; }
  // The id relative to the round, or absolute outside the block: equal for what is equal in two rounds.
  [[nodiscard]] std::int64_t relative(OperationId id) const {
    return inside(id) ? std::int64_t{id} - round_start() : (std::int64_t{1} << 40) + id;
  }

  // The state as the round begins; the next round is waited for then. Rounds that are the first ones, or that
  // still run operations of these, are not like others: `oldest` is the oldest operation under way.
  void note(std::vector<std::int64_t> state, OperationId oldest) {
    if (period_ == 0 && oldest >= first_ + length_) {
      const auto [known, fresh] = seen_.try_emplace(std::move(state), round_);
      if (!fresh) {
        from_ = known->second;
        period_ = round_ - from_;
      }
    }
    if (++round_ >= rounds_ || period_ > 0) round_ = rounds_;  // no more of them
  }
  [[nodiscard]] bool watching() const { return round_ < rounds_; }

  [[nodiscard]] std::uint32_t from() const { return from_; }
  [[nodiscard]] std::uint32_t period() const { return period_; }  // 0: no round repeats another

 private:
  OperationId first_;
  std::uint32_t length_;
  std::uint32_t rounds_;
  std::uint32_t round_ = 0;  // the next to begin
  std::uint32_t from_ = 0;
  std::uint32_t period_ = 0;
  std::map<std::vector<std::int64_t>, std::uint32_t> seen_;
};

}  // namespace bandwright
