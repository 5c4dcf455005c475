#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "step/step.h"

namespace bandwright {

// A step graph with repetition as structure: the layers of a model and the micro-batches of a pipeline are
// counted, not written out. An instruction is an operation or the head of a repeated block:
//
//   repeat 24 { forward, all-reduce, forward, all-reduce }  repeat 24 { ... }  optimizer
//
// Between instructions a program keeps, for each of a few *marks* (a stream of the NPU), the time up to which
// it is busy. An operation starts when all marks it `waits` for have passed, and its end becomes the new time
// of all marks it `sets`, for which it waits as well, so that no mark ever goes back. That makes the effect
// of any block a linear map of the marks in max-plus algebra, and the whole a directed acyclic graph like any
// other: expand() writes it out. Source: Baccelli et al., Synchronization and Linearity (1992), chapter 2.
enum class Mark : std::uint8_t { Compute, Tensor, Context, Expert, Pipeline, Data, Prefetch, Host };
constexpr int mark_count = 8;
using MarkSet = std::uint8_t;

template <class... Marks>
constexpr MarkSet marks(Marks... each) {
  return static_cast<MarkSet>((0U | ... | (1U << static_cast<unsigned>(each))));
}
constexpr bool contains(MarkSet set, Mark mark) { return (set >> static_cast<unsigned>(mark) & 1U) != 0; }

struct Instruction {
  std::uint32_t times = 0;   // of a repeated block; 0 for an operation
  std::uint32_t length = 0;  // instructions of the block, which follow
  Operation operation;       // its dependencies are the marks
  MarkSet waits = 0;
  MarkSet sets = 0;
};

struct StepProgram {
  std::string name;
  std::vector<Instruction> instructions;
  std::vector<GroupCollective> collectives;
  std::vector<Group> groups;
  std::vector<std::string> line_names;
  std::vector<double> wire_efficiency;  // as Step::wire_efficiency
};

// Appends instructions to a program.
class StepProgramBuilder {
 public:
  StepProgramBuilder(std::string name, std::vector<Group> groups, std::vector<std::string> line_names);

  void compute(Label label, Time duration);
  // The host issues work beside the compute stream, from the stream's present on: sets Mark::Host.
  void host(Label label, Time duration);
  // The compute stream waits for all of these.
  void join(MarkSet waits);
  // A collective that starts after `waits` (its own stream included) and whose end `sets` marks.
  void collective(Label label, const GroupCollective& call, Time latency, MarkSet waits, MarkSet sets);
  // The same for one that is called often: entered once, called by its index.
  std::uint32_t enter(const GroupCollective& call);
  void call(Label label, std::uint32_t entered, Time latency, MarkSet waits, MarkSet sets);
  // What `write` appends, `times` times; nothing when that is 0.
  template <class Write>
  void repeat(std::int64_t times, Write write) {
    if (times <= 0) return;
    const std::size_t head = open(times);
    write();
    close(head);
  }

  [[nodiscard]] const Group& group(std::uint32_t index) const { return program_.groups[index]; }
  StepProgram finish() && { return std::move(program_); }

 private:
  std::size_t open(std::int64_t times);
  void close(std::size_t head);

  StepProgram program_;
};

// The program written out as a flat graph. Throws InputError when it would exceed `limit` operations.
// `origin` gets the instruction each operation comes from.
Step expand(const StepProgram& program, std::size_t limit = 50'000'000,
            std::vector<std::uint32_t>* origin = nullptr);

}  // namespace bandwright
