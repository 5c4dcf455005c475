#include "simulator/reduced_step.h"

#include <algorithm>

namespace bandwright {

// Walks a step in order and writes nodes. While it does, nodes wait for operations; in the end for nodes.
class ReducedStep::Reduction {
 public:
  Reduction(const Step& step, ReducedStep& result)
      : step_(step), nodes_(result.nodes_), waits_(result.waits_), places_(result.places_) {
    places_.resize(step.operations.size());
    readers_.resize(step.operations.size());
    nodes_.reserve(step.operations.size() + step.blocks.size());
    waits_.reserve(step.dependencies.size());
    for (const OperationId each : step.dependencies) ++readers_[each];
  }

  void run() {
    block(0, static_cast<OperationId>(step_.operations.size()));
    for (std::uint32_t& each : waits_) each = places_[each].node;
  }

 private:
  void block(OperationId first, OperationId end) {
    last_ = none;
    for (OperationId id = first; id < end;) {
      if (next_block_ < step_.blocks.size() && step_.blocks[next_block_].first == id) {
        id = inner_block();
      } else {
        operation(id++);
      }
    }
  }

  // The nodes of a block, or the one operation it comes to. Returns what follows it.
  OperationId inner_block() {
    const StepBlock& inner = step_.blocks[next_block_++];
    const Tail before = tail();
    const auto head = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({.times = inner.times});
    block(inner.first, inner.end);
    if (nodes_.size() == head + 2 && nodes_.back().times == 0 && last_ != none && waits_for_itself(inner)) {
      fold(inner, head);
      join(before);
    } else {
      nodes_[head].length = static_cast<std::uint32_t>(nodes_.size()) - head - 1;
      last_ = none;
    }
    return inner.end;
  }

  void operation(OperationId id) {
    const Operation& operation = step_.operations[id];
    const Tail before = tail();
    places_[id].node = static_cast<std::uint32_t>(nodes_.size());
    const auto first = static_cast<std::uint32_t>(waits_.size());
    const std::span<const OperationId> after = step_.dependencies_of(operation);
    waits_.insert(waits_.end(), after.begin(), after.end());
    const bool holds = operation.kind == OperationKind::Compute ||
                       operation.kind == OperationKind::Overhead || operation.blocks;
    nodes_.push_back({.first = first,
                      .count = operation.dependencies,
                      .holds = holds,
                      .host = operation.kind == OperationKind::Host});
    last_ = id;
    join(before);
  }

  // The operation that the last node of this block ends with, where another can become a part of it.
  struct Tail {
    OperationId operation;
    std::uint32_t node;
  };
  [[nodiscard]] Tail tail() const {
    return last_ == none ? Tail{none, none} : Tail{last_, static_cast<std::uint32_t>(nodes_.size()) - 1};
  }

  // The last node becomes a part of the one before it, when it alone waits for that one, and for nothing
  // else.
  void join(Tail before) {
    const Node& added = nodes_.back();
    if (before.operation == none || !added.holds || !nodes_[before.node].holds) return;
    if (added.count != 1 || waits_[added.first] != before.operation || readers_[before.operation] != 1)
      return;
    for (OperationId id = last_ + 1; id-- > 0 && places_[id].node == before.node + 1;) {
      places_[id].node = before.node;
    }
    waits_.pop_back();
    nodes_.pop_back();
  }

  // Whether the only node of a block, which waits for its last execution, is renewed by nothing else.
  [[nodiscard]] bool waits_for_itself(const StepBlock& inner) const {
    const Node& only = nodes_.back();
    const auto own = std::span(waits_).subspan(only.first, only.count);
    return only.holds && std::count(own.begin(), own.end(), last_) == 1 &&
           std::all_of(own.begin(), own.end(),
                       [&](OperationId id) { return id == last_ || id < inner.first || id >= inner.end; });
  }

  void fold(const StepBlock& inner, std::uint32_t head) {
    Node only = nodes_.back();
    const auto own = waits_.begin() + only.first;
    waits_.erase(std::find(own, waits_.end(), last_));
    --readers_[last_];
    --only.count;
    nodes_.pop_back();
    nodes_.back() = only;
    for (OperationId id = inner.first; id < inner.end; ++id) {
      places_[id] = {head, places_[id].times * inner.times};
    }
  }

  const Step& step_;
  std::vector<Node>& nodes_;
  std::vector<std::uint32_t>& waits_;
  std::vector<Place>& places_;
  std::vector<std::uint32_t> readers_;  // how many wait for an operation
  std::size_t next_block_ = 0;
  OperationId last_ = none;  // what the last node of the block ends with; none where that is a block
};

// Finds what the rounds of a block wait for.
class ReducedStep::RoundInputs {
 public:
  explicit RoundInputs(ReducedStep& result) : of_(result) {}

  void describe(std::uint32_t head) {
    first_ = head + 1;
    end_ = first_ + of_.nodes_[head].length;
    inputs_.clear();
    bool first_source = true;
    std::uint32_t child_end = first_;  // of the last block inside
    std::uint32_t child = first_;
    for (std::uint32_t node = first_; node < end_; ++node) {
      if (of_.nodes_[node].times > 0) {
        if (node >= child_end) child = node, child_end = node + 1 + of_.nodes_[node].length;
        continue;
      }
      const bool in_child = node < child_end;
      if (!read_inputs(node, in_child ? child : node, in_child ? child_end : node)) continue;
      take_common(first_source);
      first_source = false;
    }
    write(head);
  }

 private:
  // What `node` waits for that is no part of its round, nor of the rounds of the block inside that it is in.
  // Returns whether it waits for nothing of its round.
  bool read_inputs(std::uint32_t node, std::uint32_t child, std::uint32_t child_end) {
    bool source = true;
    own_.clear();
    for (const std::uint32_t each : of_.waits_for(of_.nodes_[node])) {
      if (first_ <= each && each < node) source = false;
      if ((first_ <= each && each < node) || (child <= each && each < child_end)) continue;
      own_.push_back(each);
      if (!has(inputs_, each)) inputs_.push_back(each);
    }
    return source;
  }

  void take_common(bool first_source) {
    if (first_source) common_ = own_;
    std::erase_if(common_, [&](std::uint32_t each) { return !has(own_, each); });
  }

  void write(std::uint32_t head) {
    Round round{.first = static_cast<std::uint32_t>(of_.round_nodes_.size())};
    for (const std::uint32_t each : common_) {
      const bool own = first_ <= each && each < end_;
      if (own && (round.renewed == none || each > round.renewed)) round.renewed = each;
    }
    std::erase_if(inputs_, [&](std::uint32_t each) { return has(common_, each); });
    round.common = static_cast<std::uint32_t>(common_.size());
    round.others = static_cast<std::uint32_t>(inputs_.size());
    of_.round_nodes_.insert(of_.round_nodes_.end(), common_.begin(), common_.end());
    of_.round_nodes_.insert(of_.round_nodes_.end(), inputs_.begin(), inputs_.end());
    of_.nodes_[head].first = static_cast<std::uint32_t>(of_.rounds_.size());
    of_.rounds_.push_back(round);
  }

  static bool has(const std::vector<std::uint32_t>& nodes, std::uint32_t node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  }

  ReducedStep& of_;
  std::uint32_t first_ = 0;  // the block's nodes
  std::uint32_t end_ = 0;
  std::vector<std::uint32_t> inputs_;
  std::vector<std::uint32_t> common_;
  std::vector<std::uint32_t> own_;  // of one node
};

ReducedStep::ReducedStep(const Step& step) {
  Reduction(step, *this).run();
  RoundInputs inputs(*this);
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    if (nodes_[node].times > 0) inputs.describe(node);
  }
}

}  // namespace bandwright
