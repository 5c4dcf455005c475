#include "step/cursor.h"

namespace bandwright {

void Cursor::enter() {
  const std::vector<StepBlock>& blocks = step_->blocks;
  while (next_block_ < blocks.size() && blocks[next_block_].first == operation_) {
    open_.push_back({next_block_++, 0});
  }
}

void Cursor::next() {
  ++operation_;
  while (!open_.empty()) {
    Open& last = open_.back();
    const StepBlock& block = step_->blocks[last.block];
    if (block.end != operation_) break;
    if (last.round + 1 < block.times) {  // another round: blocks inside begin anew
      ++last.round;
      operation_ = block.first;
      next_block_ = last.block + 1;
      break;
    }
    open_.pop_back();
  }
  enter();
}

}  // namespace bandwright
