#include "step/stream_builder.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace bandwright {
namespace {

template <class Visit>
void for_each_stream(StreamSet set, Visit visit) {
  for (unsigned rest = set; rest != 0; rest &= rest - 1) {
    visit(static_cast<std::size_t>(std::countr_zero(rest)));
  }
}

// Who may have been issued last on each stream: several inside blocks, of which the latest counts.
class LastIssued {
 public:
  // Each entering operation and who renews the stream in the round before.
  void enter(const std::array<OperationId, stream_count>& renewed, StreamSet occupied) {
    for_each_stream(occupied, [&](std::size_t stream) {
      Few& last = last_[stream];
      const OperationId id = renewed[stream];
      const auto end = last.ids.begin() + last.count;
      if (std::find(last.ids.begin(), end, id) != end) return;
      assert(last.count < last.ids.size());
      last.ids[last.count++] = id;
    });
  }
  void occupy(StreamSet set, OperationId id) {
    for_each_stream(set, [&](std::size_t stream) {
      last_[stream].ids[0] = id;
      last_[stream].count = 1;
    });
  }
  void append_to(std::vector<OperationId>& dependencies, StreamSet waits) const {
    const auto first = static_cast<std::ptrdiff_t>(dependencies.size());
    for_each_stream(waits, [&](std::size_t stream) {
      for (std::size_t i = 0; i < last_[stream].count; ++i) {
        const OperationId id = last_[stream].ids[i];
        if (std::find(dependencies.begin() + first, dependencies.end(), id) == dependencies.end()) {
          dependencies.push_back(id);
        }
      }
    });
  }

 private:
  struct Few {
    std::array<OperationId, StreamBuilder::most_blocks + 1> ids;
    std::size_t count = 0;
  };
  std::array<Few, stream_count> last_;
};

// The streams behind the compute stream after an operation, of those that are before it.
StreamSet behind_after(StreamSet behind, StreamSet waits, StreamSet occupies) {
  return static_cast<StreamSet>(contains(occupies, Stream::Compute) ? behind | waits : behind & ~occupies);
}

}  // namespace

StreamBuilder::StreamBuilder(std::string name, std::vector<Group> groups,
                             std::vector<std::string> line_names) {
  step_.name = std::move(name);
  step_.groups = std::move(groups);
  step_.line_names = std::move(line_names);
  step_.operations.reserve(256);  // a real model has 100 or so
  uses_.reserve(256);
  step_.blocks.reserve(32);
  renewals_.reserve(32);
}

void StreamBuilder::add(const Operation& operation, StreamSet waits, StreamSet occupies) {
  const auto id = static_cast<OperationId>(step_.operations.size());
  waits |= occupies;
  step_.operations.push_back(operation);
  step_.operations.back().blocks =
      operation.kind == OperationKind::Collective && contains(occupies, Stream::Compute);
  uses_.push_back({waits, occupies});
  if (open_.empty()) return;
  Renewal& round = renewals_[open_.back()];
  for_each_stream(occupies, [&](std::size_t stream) { round.last[stream] = id; });
  round.occupied |= occupies;
  round.behind_after_none = behind_after(round.behind_after_none, waits, occupies);
  round.behind_after_all = behind_after(round.behind_after_all, waits, occupies);
}

void StreamBuilder::compute(Label label, Time duration) {
  if (duration <= Time(0)) return;
  add({.kind = OperationKind::Compute, .role = label.role, .line = label.line, .duration = duration}, 0,
      streams(Stream::Compute));
}

void StreamBuilder::beside(Stream stream, Label label, Time duration) {
  if (duration <= Time(0)) return;
  add({.kind = OperationKind::Host, .role = label.role, .line = label.line, .duration = duration},
      streams(Stream::Compute), streams(stream));
}

void StreamBuilder::join(StreamSet waits) {
  add({.kind = OperationKind::Overhead}, waits, streams(Stream::Compute));
}

void StreamBuilder::collective(Label label, const GroupCollective& call, Time latency, StreamSet waits,
                               StreamSet occupies) {
  if (group(call.group).dimensions.empty() || call.collective.bytes <= Bytes(0)) return;
  this->call(label, enter(call), latency, waits, occupies);
}

std::uint32_t StreamBuilder::enter(const GroupCollective& call) {
  std::vector<GroupCollective>& known = step_.collectives;
  const auto found = std::find(known.begin(), known.end(), call);
  const auto index = static_cast<std::uint32_t>(found - known.begin());
  if (found == known.end()) known.push_back(call);
  return index;
}

void StreamBuilder::call(Label label, std::uint32_t entered, Time latency, StreamSet waits,
                         StreamSet occupies) {
  add({.kind = OperationKind::Collective,
       .role = label.role,
       .line = label.line,
       .collective = entered,
       .duration = latency},
      waits, occupies);
}

std::size_t StreamBuilder::open(std::int64_t times) {
  assert(open_.size() < most_blocks);
  const std::size_t block = step_.blocks.size();
  step_.blocks.push_back({.first = static_cast<OperationId>(step_.operations.size()),
                          .times = static_cast<std::uint32_t>(times)});
  renewals_.emplace_back();
  open_.push_back(block);
  return block;
}

void StreamBuilder::close(std::size_t block) {
  open_.pop_back();
  StepBlock& closed = step_.blocks[block];
  closed.end = static_cast<OperationId>(step_.operations.size());
  if (closed.end == closed.first) {  // nothing to repeat, in the blocks inside neither
    step_.blocks.resize(block);
    renewals_.resize(block);
    return;
  }
  closed.inner = static_cast<std::uint32_t>(step_.blocks.size() - block - 1);
  if (open_.empty()) return;
  const Renewal& inner = renewals_[block];
  Renewal& around = renewals_[open_.back()];
  for_each_stream(inner.occupied, [&](std::size_t stream) { around.last[stream] = inner.last[stream]; });
  around.occupied |= inner.occupied;
  for (StreamSet* behind : {&around.behind_after_none, &around.behind_after_all}) {
    *behind = static_cast<StreamSet>((*behind & inner.behind_after_all) | inner.behind_after_none);
  }
}

Step StreamBuilder::finish() && {
  LastIssued last;
  StreamSet behind = every_stream;  // the compute stream, whichever way the operation was reached
  std::size_t block = 0;
  step_.dependencies.reserve(3 * step_.operations.size());
  for (OperationId id = 0; id < step_.operations.size(); ++id) {
    for (; block < step_.blocks.size() && step_.blocks[block].first == id; ++block) {
      last.enter(renewals_[block].last, renewals_[block].occupied);
      behind &= renewals_[block].behind_after_all;
    }
    const auto [waits, occupies] = uses_[id];
    Operation& operation = step_.operations[id];
    operation.first_dependency = static_cast<std::uint32_t>(step_.dependencies.size());
    const bool behind_too = contains(waits, Stream::Compute);
    last.append_to(step_.dependencies,
                   behind_too ? static_cast<StreamSet>(waits & (~behind | streams(Stream::Compute))) : waits);
    operation.dependencies =
        static_cast<std::uint32_t>(step_.dependencies.size()) - operation.first_dependency;
    last.occupy(occupies, id);
    behind = behind_after(behind, waits, occupies);
  }
  return std::move(step_);
}

}  // namespace bandwright
