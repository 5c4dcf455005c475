#pragma once
#include <deque>
#include <map>
#include <tuple>
#include <vector>

#include "formats/chakra/trace_set.h"
#include "step/ranked_step.h"

namespace bandwright {

// Ties the operations of different NPUs together: each receive to its send, and the k-th collective of a
// group on one NPU to the k-th on the others. An operation is one NPU's and stands for all of the NPU's
// class.
class TraceTies {
 public:
  // REQUIRES that `traces` outlives it.
  explicit TraceTies(const TraceSet& traces);

  // In the order of a class's nodes. `group` is the collective's group of the graph.
  void add(std::size_t c, const TraceNode& node, OperationId id);

  // Throws InputError for a message without its other end, collectives that not all of a group call, and ends
  // of one message or calls of one collective that differ in kind or size.
  void check() const;
  // Enters the ties into a step and, for one that is folded, into what its operations wait for. Throws as
  // check() does.
  void enter(RankedStep& ranks, std::vector<std::vector<OperationId>>& after) const;

 private:
  // Sender's class, receiver's class, distance in ids, tag.
  using Message = std::tuple<std::size_t, std::size_t, std::int64_t, std::int64_t>;
  // An operation and the node it comes from.
  struct Call {
    OperationId id;
    std::uint64_t node;
    Collective what;
  };
  using Calls = std::deque<Call>;
  // The classes whose NPUs meet, each with what place the group has among theirs; and the dimensions.
  using Meeting = std::pair<std::vector<std::pair<std::size_t, std::size_t>>, std::vector<bool>>;

  [[nodiscard]] std::size_t class_of(std::int64_t npu) const {
    return class_of_[static_cast<std::size_t>((npu + traces_.npus) % traces_.npus)];
  }
  [[nodiscard]] Meeting meeting_of(std::size_t c, const TraceNode& node);
  void check_messages() const;
  void check_meetings() const;
  void check_alike(std::size_t c, const Call& call, std::size_t other, const Call& others) const;
  [[nodiscard]] int first_npu(std::size_t c) const { return traces_.classes[c].npus[0]; }

  const TraceSet& traces_;
  std::vector<std::size_t> class_of_;  // by NPU
  std::map<std::pair<std::size_t, std::string>, std::vector<std::pair<std::size_t, std::size_t>>> company_;
  std::map<Message, Calls> sends_;
  std::map<Message, Calls> receives_;
  std::map<Meeting, std::map<std::size_t, Calls>> meetings_;  // calls of each class
};

// What `check` and every command that plays traces ask of a set: that its NPUs' messages and collectives fit
// together. Throws InputError as TraceTies::check does.
void check_ties(const TraceSet& traces);

}  // namespace bandwright
