#pragma once
#include <cassert>
#include <span>
#include <vector>

#include "step/step.h"

namespace bandwright {

// A place in the execution of a step: walks it operation by operation, round by round, without writing it
// out.
//
//   for (Cursor at(step); !at.done(); at.next()) execute(at.operation());
//
// A value of a few dozen bytes, so that each of many NPUs can be at a place of its own. REQUIRES that the
// step outlives it. Cost: O(depth of blocks) memory, amortised O(1) time per execution.
class Cursor {
 public:
  struct Open {               // a block that is being executed
    std::uint32_t block = 0;  // index into Step::blocks
    std::uint32_t round = 0;  // from 0
  };

  explicit Cursor(const Step& step) : step_(&step) { enter(); }

  [[nodiscard]] bool done() const { return operation_ >= step_->operations.size(); }
  // REQUIRES !done(), as next() does.
  [[nodiscard]] OperationId operation() const { return operation_; }
  // The blocks around the operation, outermost first.
  [[nodiscard]] std::span<const Open> open() const { return open_; }
  // The rounds of an open block that follow the present one.
  [[nodiscard]] std::uint32_t rounds_left(std::size_t depth) const {
    return step_->blocks[open_[depth].block].times - 1 - open_[depth].round;
  }

  void next();
  // Goes on as if so many rounds of an open block had been executed: what remains is shorter, the place in
  // the round is the same. REQUIRES rounds <= rounds_left(depth).
  void leap(std::size_t depth, std::uint32_t rounds) {
    assert(rounds <= rounds_left(depth));
    open_[depth].round += rounds;
  }

 private:
  void enter();  // the blocks that begin at the operation

  const Step* step_;
  OperationId operation_ = 0;
  std::uint32_t next_block_ = 0;  // the first of those that have not been entered
  std::vector<Open> open_;
};

}  // namespace bandwright
