#include "workload/step_program.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace bandwright {
namespace {

// Walks a program and appends each operation it meets, as often as it meets it.
class Expansion {
 public:
  Expansion(const StepProgram& program, std::size_t limit, std::vector<std::uint32_t>* origin)
      : program_(program), limit_(limit), origin_(origin) {
    graph_.name = program.name;
    graph_.collectives = program.collectives;
    graph_.groups = program.groups;
    graph_.line_names = program.line_names;
    graph_.wire_efficiency = program.wire_efficiency;
  }

  Step run() && {
    block(0, program_.instructions.size());
    return std::move(graph_);
  }

 private:
  void block(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Instruction& instruction = program_.instructions[i];
      if (instruction.times == 0) {
        append(instruction);
        if (origin_ != nullptr) origin_->push_back(static_cast<std::uint32_t>(i));
        continue;
      }
      for (std::uint32_t n = 0; n < instruction.times; ++n) block(i + 1, i + 1 + instruction.length);
      i += instruction.length;
    }
  }

  void append(const Instruction& instruction) {
    if (graph_.operations.size() >= limit_) {
      throw InputError(fmt::format("{}: more than {} operations when written out", program_.name, limit_));
    }
    Operation operation = instruction.operation;
    operation.first_dependency = static_cast<std::uint32_t>(graph_.dependencies.size());
    for (int mark = 0; mark < mark_count; ++mark) {
      if (contains(instruction.waits, static_cast<Mark>(mark))) depend_on(mark, operation.first_dependency);
    }
    operation.dependencies =
        static_cast<std::uint32_t>(graph_.dependencies.size()) - operation.first_dependency;
    const auto id = static_cast<OperationId>(graph_.operations.size());
    graph_.operations.push_back(operation);
    for (int mark = 0; mark < mark_count; ++mark) {
      if (contains(instruction.sets, static_cast<Mark>(mark))) set_by_[static_cast<std::size_t>(mark)] = id;
    }
  }

  void depend_on(int mark, std::uint32_t first) {
    const OperationId before = set_by_[static_cast<std::size_t>(mark)];
    const auto own = graph_.dependencies.begin() + first;
    if (before != never && std::find(own, graph_.dependencies.end(), before) == graph_.dependencies.end()) {
      graph_.dependencies.push_back(before);
    }
  }

  static constexpr OperationId never = ~OperationId{0};
  const StepProgram& program_;
  std::size_t limit_;
  std::vector<std::uint32_t>* origin_;
  Step graph_;
  std::array<OperationId, mark_count> set_by_{never, never, never, never, never, never, never, never};
};

}  // namespace

StepProgramBuilder::StepProgramBuilder(std::string name, std::vector<Group> groups,
                                       std::vector<std::string> line_names) {
  program_.name = std::move(name);
  program_.groups = std::move(groups);
  program_.line_names = std::move(line_names);
  program_.instructions.reserve(256);  // a real model has 100 or so
}

void StepProgramBuilder::compute(Label label, Time duration) {
  if (duration <= Time(0)) return;
  program_.instructions.push_back({.operation = {.kind = OperationKind::Compute,
                                                 .role = label.role,
                                                 .line = label.line,
                                                 .duration = duration},
                                   .waits = marks(Mark::Compute),
                                   .sets = marks(Mark::Compute)});
}

void StepProgramBuilder::host(Label label, Time duration) {
  if (duration <= Time(0)) return;
  compute(label, duration);
  program_.instructions.back().operation.kind = OperationKind::Host;
  program_.instructions.back().sets = marks(Mark::Host);
  program_.instructions.back().waits |= marks(Mark::Host);
}

void StepProgramBuilder::join(MarkSet waits) {
  waits |= marks(Mark::Compute);
  program_.instructions.push_back(
      {.operation = {.kind = OperationKind::Overhead}, .waits = waits, .sets = marks(Mark::Compute)});
}

void StepProgramBuilder::collective(Label label, const GroupCollective& call, Time latency, MarkSet waits,
                                    MarkSet sets) {
  if (group(call.group).dimensions.empty() || call.collective.bytes <= Bytes(0)) return;
  this->call(label, enter(call), latency, waits, sets);
}

std::uint32_t StepProgramBuilder::enter(const GroupCollective& call) {
  std::vector<GroupCollective>& known = program_.collectives;
  const auto found = std::find(known.begin(), known.end(), call);
  const auto index = static_cast<std::uint32_t>(found - known.begin());
  if (found == known.end()) known.push_back(call);
  return index;
}

void StepProgramBuilder::call(Label label, std::uint32_t entered, Time latency, MarkSet waits, MarkSet sets) {
  program_.instructions.push_back({.operation = {.kind = OperationKind::Collective,
                                                 .role = label.role,
                                                 .line = label.line,
                                                 .collective = entered,
                                                 .duration = latency},
                                   .waits = static_cast<MarkSet>(waits | sets),
                                   .sets = sets});
}

std::size_t StepProgramBuilder::open(std::int64_t times) {
  program_.instructions.push_back({.times = static_cast<std::uint32_t>(times)});
  return program_.instructions.size() - 1;
}

void StepProgramBuilder::close(std::size_t head) {
  const std::size_t length = program_.instructions.size() - head - 1;
  if (length == 0) {
    program_.instructions.pop_back();
  } else {
    program_.instructions[head].length = static_cast<std::uint32_t>(length);
  }
}

Step expand(const StepProgram& program, std::size_t limit, std::vector<std::uint32_t>* origin) {
  return Expansion(program, limit, origin).run();
}

}  // namespace bandwright
