#include "tests/step/random_step.h"

#include <algorithm>

namespace bandwright {
namespace {

int random_int(std::mt19937& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

void append_block(std::mt19937& random, Step& step, int depth) {
  for (int i = random_int(random, 1, 4); i > 0; --i) {
    if (depth < 3 && random_int(random, 0, 3) == 0) {
      const std::size_t index = step.blocks.size();
      step.blocks.push_back({.first = static_cast<OperationId>(step.operations.size()),
                             .times = static_cast<std::uint32_t>(random_int(random, 1, 30))});
      append_block(random, step, depth + 1);
      step.blocks[index].end = static_cast<OperationId>(step.operations.size());
      step.blocks[index].inner = static_cast<std::uint32_t>(step.blocks.size() - index - 1);
    } else {
      Operation operation{.duration = nanoseconds(random_int(random, 0, 50))};
      if (random_int(random, 0, 2) == 0) {
        operation.kind = OperationKind::Collective;
        operation.collective = static_cast<std::uint32_t>(random_int(random, 0, 3));
        operation.blocks = random_int(random, 0, 1) == 0;
      }
      step.operations.push_back(operation);
    }
  }
}

bool holds(const Operation& operation) {
  return operation.kind == OperationKind::Compute || operation.blocks;
}

// Who held the compute stream last: before the operation, or in the round before of a block around it.
void wait_for_stream(Step& step, OperationId id) {
  const auto last_in = [&](OperationId first, OperationId end) {
    while (end > first && !holds(step.operations[end - 1])) --end;
    if (end > first) step.dependencies.push_back(end - 1);
  };
  if (!holds(step.operations[id])) return;
  last_in(0, id);
  for (const StepBlock& block : step.blocks) {
    if (block.first <= id && id < block.end) last_in(block.first, block.end);
  }
}

}  // namespace

Step random_step(std::mt19937& random) {
  Step step{.name = "random",
            .groups = split_into_groups(parse_network("Ring(4)_Switch(8)"), {{"TP", 4}, {"DP", 8}}),
            .line_names = {"line"}};
  for (std::uint32_t i = 0; i < 4; ++i) {
    step.collectives.push_back({{CollectiveKind::AllReduce, Bytes(64 * random_int(random, 1, 40))}, i % 2});
  }
  append_block(random, step, 0);
  const int last = static_cast<int>(step.operations.size()) - 1;
  for (OperationId id = 0; id < step.operations.size(); ++id) {
    Operation& operation = step.operations[id];
    operation.first_dependency = static_cast<std::uint32_t>(step.dependencies.size());
    for (int i = random_int(random, 0, 3); i > 0; --i) {
      step.dependencies.push_back(static_cast<OperationId>(random_int(random, 0, last)));
    }
    wait_for_stream(step, id);
    operation.dependencies =
        static_cast<std::uint32_t>(step.dependencies.size()) - operation.first_dependency;
  }
  return step;
}

}  // namespace bandwright
