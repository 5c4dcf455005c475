#include "step/stream_builder.h"

#include <algorithm>
#include <bit>

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
  void enter(const std::array<OperationId, stream_count>& renewed, StreamSet leading) {
    for_each_stream(leading, [&](std::size_t stream) {
      if (renewed[stream] != no_operation) add(last_[stream], 0, renewed[stream]);
    });
  }
  void occupy(StreamSet set, OperationId id) {
    for_each_stream(set, [&](std::size_t stream) { last_[stream].assign(1, id); });
  }
  void append_to(std::vector<OperationId>& dependencies, StreamSet waits) const {
    const std::size_t first = dependencies.size();
    for_each_stream(waits, [&](std::size_t stream) {
      for (const OperationId each : last_[stream]) add(dependencies, first, each);
    });
  }

 private:
  static void add(std::vector<OperationId>& ids, std::size_t first, OperationId id) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(first);
    if (std::find(begin, ids.end(), id) == ids.end()) ids.push_back(id);
  }

  std::array<std::vector<OperationId>, stream_count> last_;
};

}  // namespace

StreamBuilder::StreamBuilder(std::string name, std::vector<Group> groups,
                             std::vector<std::string> line_names) {
  step_.name = std::move(name);
  step_.groups = std::move(groups);
  step_.line_names = std::move(line_names);
  step_.operations.reserve(256);  // a real model has 100 or so
  uses_.reserve(256);
}

void StreamBuilder::add(const Operation& operation, StreamSet waits, StreamSet occupies) {
  const auto id = static_cast<OperationId>(step_.operations.size());
  waits |= occupies;
  step_.operations.push_back(operation);
  step_.operations.back().blocks =
      operation.kind == OperationKind::Collective && contains(occupies, Stream::Compute);
  uses_.push_back({waits, occupies});
  if (!contains(occupies, Stream::Compute)) leading_ |= occupies;
  if (!contains(waits, Stream::Compute)) leading_ |= waits;
  if (open_.empty()) return;
  for_each_stream(occupies, [&](std::size_t stream) { renewed_[open_.back()][stream] = id; });
}

void StreamBuilder::compute(Label label, Time duration) {
  if (duration <= Time(0)) return;
  add({.kind = OperationKind::Compute, .role = label.role, .line = label.line, .duration = duration}, 0,
      streams(Stream::Compute));
}

void StreamBuilder::host(Label label, Time duration) {
  if (duration <= Time(0)) return;
  add({.kind = OperationKind::Host, .role = label.role, .line = label.line, .duration = duration},
      streams(Stream::Compute), streams(Stream::Host));
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
  const std::size_t block = step_.blocks.size();
  step_.blocks.push_back({.first = static_cast<OperationId>(step_.operations.size()),
                          .times = static_cast<std::uint32_t>(times)});
  renewed_.emplace_back().fill(no_operation);
  open_.push_back(block);
  return block;
}

void StreamBuilder::close(std::size_t block) {
  open_.pop_back();
  StepBlock& closed = step_.blocks[block];
  closed.end = static_cast<OperationId>(step_.operations.size());
  if (closed.end == closed.first) {  // nothing to repeat, in the blocks inside neither
    step_.blocks.resize(block);
    renewed_.resize(block);
    return;
  }
  closed.inner = static_cast<std::uint32_t>(step_.blocks.size() - block - 1);
  if (open_.empty()) return;
  Writers& around = renewed_[open_.back()];
  for (std::size_t stream = 0; stream < stream_count; ++stream) {
    if (renewed_[block][stream] != no_operation) around[stream] = renewed_[block][stream];
  }
}

Step StreamBuilder::finish() && {
  LastIssued last;
  std::size_t block = 0;
  step_.dependencies.reserve(3 * step_.operations.size());
  for (OperationId id = 0; id < step_.operations.size(); ++id) {
    for (; block < step_.blocks.size() && step_.blocks[block].first == id; ++block) {
      last.enter(renewed_[block], leading_);
    }
    Operation& operation = step_.operations[id];
    operation.first_dependency = static_cast<std::uint32_t>(step_.dependencies.size());
    last.append_to(step_.dependencies, uses_[id].waits & leading_);
    operation.dependencies =
        static_cast<std::uint32_t>(step_.dependencies.size()) - operation.first_dependency;
    last.occupy(uses_[id].occupies & leading_, id);
  }
  return std::move(step_);
}

}  // namespace bandwright
