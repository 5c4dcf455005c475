#include "collective/algorithms/double_binary_tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace bandwright {
namespace {

// A node of the tree and its surroundings; positions are those of the first tree.
struct Node {
  int parent = 0;  // meaningless for the root
  int depth = 0;
  int height = 0;
  std::array<int, 2> children{};
  int child_count = 0;
};

// Height of the tree over an interval of `size` nodes.
int height_of(int size) { return std::bit_width(static_cast<unsigned>(size)) - 1; }

struct Interval {
  int low, high;  // [low, high)
  [[nodiscard]] int size() const { return high - low; }
  [[nodiscard]] int middle() const { return (low + high) / 2; }
};

void add_child(Node& node, const Interval& below) {
  if (below.size() > 0) node.children[static_cast<std::size_t>(node.child_count++)] = below.middle();
}

Node node_at(int n, int position) {
  Interval interval{1, n};
  if (position == 0) {
    Node root{.height = height_of(n - 1) + 1};
    add_child(root, interval);
    return root;
  }
  Node node{.depth = 1};
  for (int middle = interval.middle(); middle != position; middle = interval.middle(), ++node.depth) {
    node.parent = middle;
    interval = position < middle ? Interval{interval.low, middle} : Interval{middle + 1, interval.high};
  }
  node.height = height_of(interval.size());
  add_child(node, {interval.low, position});
  add_child(node, {position + 1, interval.high});
  return node;
}

// The second tree is the first seen in a mirror; `parameter` of a block is 1 for it.
int mirrored(int n, const Block& block, int position) {
  return block.parameter == 0 ? position : n - 1 - position;
}

// A node sends to its parent in the round of its height.
class TreeUp final : public Pattern {
 public:
  int sends(int n, const Block& block, int round, int position) const override {
    const int p = mirrored(n, block, position);
    return p != 0 && node_at(n, p).height == round ? 1 : 0;
  }
  int peer(int n, const Block& block, int, int position, int) const override {
    return mirrored(n, block, node_at(n, mirrored(n, block, position)).parent);
  }
  int receives(int n, const Block& block, int round, int position) const override {
    const Node node = node_at(n, mirrored(n, block, position));
    int count = 0;
    for (int c = 0; c < node.child_count; ++c) {
      if (node_at(n, node.children[static_cast<std::size_t>(c)]).height == round) ++count;
    }
    return count;
  }
  std::int64_t messages(int n, const Block&) const override { return n - 1; }
  Time duration(const Wire& wire, const Block& block) const override { return done(wire, block, 0); }
  std::int64_t in_turn(int, const Block& block, bool) const override { return block.rounds; }

 private:
  // When a node has everything of its subtree.
  static Time done(const Wire& wire, const Block& block, int p) {
    const int n = wire.npus();
    const Node node = node_at(n, p);
    Time now;
    for (int round = 0; round < node.height; ++round) {
      int received = 0;
      for (int c = 0; c < node.child_count; ++c) {
        const int child = node.children[static_cast<std::size_t>(c)];
        if (node_at(n, child).height != round) continue;
        ++received;
        now = std::max(now, done(wire, block, child) + wire.occupancy(block.bytes) +
                                wire.latency(mirrored(n, block, child), mirrored(n, block, p)));
      }
      if (received > 0) now += wire.endpoint_delay() + received * wire.reduction(block.reduced);
    }
    return now;
  }
};

// A node sends to its children in the round of its depth.
class TreeDown final : public Pattern {
 public:
  int sends(int n, const Block& block, int round, int position) const override {
    const Node node = node_at(n, mirrored(n, block, position));
    return node.depth == round ? node.child_count : 0;
  }
  int peer(int n, const Block& block, int, int position, int index) const override {
    const Node node = node_at(n, mirrored(n, block, position));
    return mirrored(n, block, node.children[static_cast<std::size_t>(index)]);
  }
  int receives(int n, const Block& block, int round, int position) const override {
    const int p = mirrored(n, block, position);
    return p != 0 && node_at(n, p).depth == round + 1 ? 1 : 0;
  }
  std::int64_t messages(int n, const Block&) const override { return n - 1; }
  Time duration(const Wire& wire, const Block& block) const override { return reached(wire, block, 0); }
  std::int64_t in_turn(int n, const Block& block, bool side_by_side) const override {
    return side_by_side ? block.rounds : 1 + below_roots(n - 1).first;
  }

 private:
  // Messages in turn below the roots of intervals of `size` and of one node less, whose halves are again of
  // two such sizes: the first half is sent to first.
  static std::pair<int, int> below_roots(int size) {
    if (size <= 1) return {0, 0};
    const auto [larger, smaller] = below_roots(size / 2);
    const auto from_halves = [&, large = larger, small = smaller](int nodes) {
      const int left = nodes / 2;
      const int right = nodes - 1 - left;
      const auto below = [&](int half) { return half == size / 2 ? large : small; };
      return std::max(left > 0 ? 1 + below(left) : 0, right > 0 ? 2 + below(right) : 0);
    };
    return {from_halves(size), from_halves(size - 1)};
  }

  // Until the last NPU below p has the data that p has now.
  static Time reached(const Wire& wire, const Block& block, int p) {
    const int n = wire.npus();
    const Node node = node_at(n, p);
    Time last;
    for (int c = 0; c < node.child_count; ++c) {
      const int child = node.children[static_cast<std::size_t>(c)];
      const Time port = wire.occupancy(block.bytes) * (wire.ports() > 1 ? 1 : c + 1);
      last = std::max(last, port + wire.latency(mirrored(n, block, p), mirrored(n, block, child)) +
                                wire.endpoint_delay() + reached(wire, block, child));
    }
    return last;
  }
};

const TreeUp up;
const TreeDown down;

Program tree_program(CollectiveKind phase, int n, int chunk) {
  const int levels = node_at(n, 0).height;
  const int tree = chunk % 2;
  const Block reduce = {.pattern = &up, .rounds = levels, .reduces = {1, 1}, .parameter = tree, .each = true};
  const Block broadcast = {.pattern = &down, .rounds = levels, .parameter = tree};
  if (phase == CollectiveKind::Reduce) return {reduce};
  if (phase == CollectiveKind::Broadcast) return {broadcast};
  return {reduce, broadcast};
}

bool tree_serves(CollectiveKind phase, int) {
  return phase == CollectiveKind::AllReduce || phase == CollectiveKind::Broadcast ||
         phase == CollectiveKind::Reduce;
}

}  // namespace

CollectiveAlgorithm double_binary_tree_algorithm() {
  return {.name = "double-binary-tree",
          .help = "up and down a binary tree; chunks alternate between it and its mirror image",
          .sizes = "all-reduce, broadcast and reduce, over any number of NPUs",
          .serves = tree_serves,
          .program = tree_program};
}

}  // namespace bandwright
