#include "simulator/closed_form/reduced_step.h"

#include <algorithm>
#include <utility>

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
    const StepBlock around = std::exchange(around_, inner);
    const Tail before = tail();
    const auto head = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({.times = inner.times});
    block(inner.first, inner.end);
    around_ = around;
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
    nodes_.push_back({.first = first,
                      .count = operation.dependencies,
                      .holds = holds_stream(operation),
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

  // Whether the only node of a block holds the compute stream and waits for nothing else of the block.
  [[nodiscard]] bool waits_for_itself(const StepBlock& inner) const {
    const Node& only = nodes_.back();
    const auto own = std::span(waits_).subspan(only.first, only.count);
    return only.holds && std::count(own.begin(), own.end(), last_) == 1 &&
           std::all_of(own.begin(), own.end(),
                       [&](OperationId id) { return id == last_ || id < inner.first || id >= inner.end; });
  }

  // The node takes as long as all rounds. It no longer waits for itself, but where it alone holds the stream
  // in the block around, and so in the round before: elsewhere others have held it since, which it waits for.
  void fold(const StepBlock& inner, std::uint32_t head) {
    Node only = nodes_.back();
    if (!holds_alone(inner)) {
      waits_.erase(std::find(waits_.begin() + only.first, waits_.end(), last_));
      --readers_[last_];
      --only.count;
    }
    nodes_.pop_back();
    nodes_.back() = only;
    for (OperationId id = inner.first; id < inner.end; ++id) {
      places_[id] = {head, places_[id].times * inner.times};
    }
  }

  [[nodiscard]] bool holds_alone(const StepBlock& inner) const {
    const auto none_in = [&](OperationId first, OperationId end) {
      return std::none_of(step_.operations.begin() + first, step_.operations.begin() + end, holds_stream);
    };
    return around_.end > 0 && none_in(around_.first, inner.first) && none_in(inner.end, around_.end);
  }
  static bool holds_stream(const Operation& operation) {
    return operation.kind == OperationKind::Compute || operation.kind == OperationKind::Overhead ||
           operation.blocks;
  }

  const Step& step_;
  std::vector<Node>& nodes_;
  std::vector<std::uint32_t>& waits_;
  std::vector<Place>& places_;
  std::vector<std::uint32_t> readers_;  // how many wait for an operation
  StepBlock around_;                    // that is being walked; ends at 0 outside all
  std::size_t next_block_ = 0;
  OperationId last_ = none;  // what the last node of the block ends with; none where that is a block
};

// Finds what the rounds of blocks wait for.
class ReducedStep::RoundInputs {
 public:
  explicit RoundInputs(ReducedStep& result) : of_(result), seen_(result.nodes_.size()) {}

  void describe(std::uint32_t head) {
    head_ = head;
    first_ = head + 1;
    end_ = first_ + of_.nodes_[head].length;
    inputs_.clear();
    sources_ = 0;
    bool mixed = true;
    for (std::uint32_t node = first_; node < end_; ++node) {
      if (of_.nodes_[node].times == 0) mixed = read(node) && mixed;
    }
    Round round{.first = static_cast<std::uint32_t>(of_.round_nodes_.size()), .mixed = mixed};
    for (const bool common : {true, false}) {
      for (const std::uint32_t each : inputs_) {
        if ((seen_[each].sources == sources_) == common) of_.round_nodes_.push_back(each);
        const bool renews = common && seen_[each].sources == sources_ && first_ <= each && each < end_;
        if (renews && (round.renewed == none || each > round.renewed)) round.renewed = each;
      }
      const auto size = static_cast<std::uint32_t>(of_.round_nodes_.size()) - round.first;
      (common ? round.common : round.others) = common ? size : size - round.common;
    }
    of_.nodes_[head].first = static_cast<std::uint32_t>(of_.rounds_.size());
    of_.rounds_.push_back(round);
  }

 private:
  struct Seen {
    std::uint32_t head = none;    // by this block
    std::uint32_t source = none;  // and last by this node of it
    std::uint32_t sources = 0;    // so many that wait for nothing of their round
  };

  // Notes what a node waits for that is no part of its round. Returns whether it waits for anything of its
  // block.
  bool read(std::uint32_t node) {
    bool inside = false;
    bool source = true;
    const std::span<const std::uint32_t> all = of_.waits_for(of_.nodes_[node]);
    for (const std::uint32_t each : all) {
      inside = inside || (first_ <= each && each < end_);
      source = source && !(first_ <= each && each < node);
    }
    if (source) ++sources_;
    for (const std::uint32_t each : all) {
      if (first_ <= each && each < node) continue;
      Seen& seen = seen_[each];
      if (seen.head != head_) {
        seen = {.head = head_};
        inputs_.push_back(each);
      }
      if (!source || seen.source == node) continue;
      seen.source = node;
      ++seen.sources;
    }
    return inside;
  }

  ReducedStep& of_;
  std::uint32_t head_ = 0;
  std::uint32_t first_ = 0;  // the block's nodes
  std::uint32_t end_ = 0;
  std::uint32_t sources_ = 0;
  std::vector<std::uint32_t> inputs_;
  std::vector<Seen> seen_;  // by node
};

ReducedStep::ReducedStep(const Step& step) {
  Reduction(step, *this).run();
  if (step.blocks.empty()) return;
  rounds_.reserve(step.blocks.size());
  RoundInputs inputs(*this);
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    if (nodes_[node].times > 0) inputs.describe(node);
  }
}

}  // namespace bandwright
