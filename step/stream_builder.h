#pragma once
#include <array>
#include <vector>

#include "step/step.h"

namespace bandwright {

// The streams of an NPU. What is issued on a stream ends in the order of issue.
enum class Stream : std::uint8_t { Compute, Tensor, Context, Expert, Pipeline, Data, Prefetch, Host, Copy };
constexpr std::size_t stream_count = 9;
using StreamSet = std::uint16_t;
constexpr StreamSet every_stream = 0x1FF;

template <class... Streams>
constexpr StreamSet streams(Streams... each) {
  return static_cast<StreamSet>((0U | ... | (1U << static_cast<unsigned>(each))));
}
constexpr bool contains(StreamSet set, Stream stream) {
  return (set >> static_cast<unsigned>(stream) & 1U) != 0;
}

// Writes a step from what runs on which stream. An operation waits for streams, that is for what was issued
// on them last, and occupies streams until it ends; it waits for those, too, so that no stream ever goes
// back.
//
//   repeat(24, [&] { compute(forward); call(all-reduce) })          24 layers
//   join(streams(Stream::Compute, Stream::Data))                    compute goes on when Data has come so far
//
// Streams are variables of this builder alone. finish() turns "who was issued on it last" into dependencies
// (static single assignment): inside a block that renews a stream this is whoever was last before the block,
// and who renews it in the round before. A stream that the compute stream has waited for since it was
// occupied is behind that one, and needs no dependency beside those on it.
class StreamBuilder {
 public:
  static constexpr std::size_t most_blocks = 15;  // in each other

  StreamBuilder(std::string name, std::vector<Group> groups, std::vector<std::string> line_names);

  void compute(Label label, Time duration);
  // The host issues work beside the compute stream, from the stream's present on: occupies Stream::Host.
  void host(Label label, Time duration) { beside(Stream::Host, label, duration); }
  // The same of what is copied between the NPU's memory and its host's: occupies Stream::Copy.
  void copy(Label label, Time duration) { beside(Stream::Copy, label, duration); }
  // The compute stream waits for all of these.
  void join(StreamSet waits);
  // A collective that starts after `waits` and occupies streams.
  void collective(Label label, const GroupCollective& call, Time latency, StreamSet waits,
                  StreamSet occupies);
  // The same for one that is called often: entered once, called by its index.
  std::uint32_t enter(const GroupCollective& call);
  void call(Label label, std::uint32_t entered, Time latency, StreamSet waits, StreamSet occupies);
  // Any operation; its dependencies are filled in.
  void add(const Operation& operation, StreamSet waits, StreamSet occupies);
  // What `write` appends, `times` times; nothing when that is 0.
  template <class Write>
  void repeat(std::int64_t times, Write write) {
    if (times <= 0) return;
    const std::size_t block = open(times);
    write();
    close(block);
  }

  [[nodiscard]] const Group& group(std::uint32_t index) const { return step_.groups[index]; }
  Step finish() &&;

 private:
  struct Renewal {                               // what a round of a block does
    std::array<OperationId, stream_count> last;  // who is issued last on each stream
    StreamSet occupied = 0;
    // Streams that are behind the compute stream after a round, if none and if all are before it.
    StreamSet behind_after_none = 0;
    StreamSet behind_after_all = every_stream;
  };
  struct Use {  // of an operation
    StreamSet waits;
    StreamSet occupies;
  };

  void beside(Stream stream, Label label, Time duration);
  std::size_t open(std::int64_t times);
  void close(std::size_t block);

  Step step_;
  std::vector<Use> uses_;
  std::vector<Renewal> renewals_;  // by block
  std::vector<std::size_t> open_;  // blocks, outermost first
};

}  // namespace bandwright
