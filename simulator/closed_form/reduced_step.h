#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "step/step.h"

namespace bandwright {

// A step stripped to what timing needs, and shorter, with the same times: operations that hold the compute
// stream one after the other, and between which nothing else begins or ends, become one; a block of one such
// operation that waits for itself alone becomes an operation that takes as much longer:
//
//   core, streaming, projections, blocking all-reduce   ->  one operation per pass without overlap
//   repeat 12 { one operation }                         ->  one operation, 12 times as long
//
// A node is an operation or the head of a block, whose nodes follow.
class ReducedStep {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct Node {
    std::uint32_t times = 0;   // of a block; 0 for an operation
    std::uint32_t length = 0;  // of a block: nodes that follow
    std::uint32_t first = 0;   // of an operation, into what nodes wait for; of a block, its rounds' index
    std::uint32_t count = 0;
    bool holds = false;  // the compute stream
    bool host = false;
  };
  // What a round of a block waits for outside it and of the round before. All of the block comes after the
  // `common` ones: whatever waits for nothing else of its round waits for each of these. `renewed` is the
  // last of them that is of the block itself, and so of the round before; `none` without one.
  struct Round {
    std::uint32_t first = 0;  // into the nodes of common(), which are followed by those of others()
    std::uint32_t common = 0;
    std::uint32_t others = 0;
    std::uint32_t renewed = none;
    bool mixed = true;  // all of the block wait for a node of it
  };
  // Where an operation of the step has gone, and how often the node executes it.
  struct Place {
    std::uint32_t node = none;
    double times = 1.0;
  };

  explicit ReducedStep(const Step& step);

  [[nodiscard]] std::span<const Node> nodes() const { return nodes_; }
  [[nodiscard]] std::span<const Place> places() const { return places_; }
  [[nodiscard]] std::span<const std::uint32_t> waits_for(const Node& operation) const {
    return std::span(waits_).subspan(operation.first, operation.count);
  }
  [[nodiscard]] const Round& round_of(const Node& block) const { return rounds_[block.first]; }
  [[nodiscard]] std::span<const std::uint32_t> common(const Round& round) const {
    return std::span(round_nodes_).subspan(round.first, round.common);
  }
  [[nodiscard]] std::span<const std::uint32_t> others(const Round& round) const {
    return std::span(round_nodes_).subspan(round.first + round.common, round.others);
  }

 private:
  class Reduction;
  class RoundInputs;

  std::vector<Node> nodes_;
  std::vector<std::uint32_t> waits_;
  std::vector<Round> rounds_;
  std::vector<std::uint32_t> round_nodes_;
  std::vector<Place> places_;
};

}  // namespace bandwright
