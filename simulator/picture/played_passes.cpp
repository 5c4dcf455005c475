#include "simulator/picture/played_passes.h"

#include <algorithm>

namespace bandwright {
namespace {

bool is_backward(Role role) {
  return role == Role::Recompute || role == Role::InputGradient || role == Role::WeightGradient;
}

}  // namespace

PlayedPasses played_passes(const std::vector<Timeline::Span>& spans, const Step& graph,
                           const Pipeline& pipeline) {
  PlayedPasses passes;
  std::int64_t turns = 0;
  bool back = false;
  Time began;
  Time ended;
  const auto close = [&](Time now) { (back ? passes.backward : passes.forward) += now - began; };
  for (const Timeline::Span& span : spans) {
    const Operation& operation = graph.operations[span.operation];
    const bool works = operation.kind == OperationKind::Compute &&
                       (operation.role == Role::Forward || is_backward(operation.role));
    if (works || operation.role == Role::Bubble) passes.end = std::max(passes.end, span.end);
    if (works) {
      if (ended == Time()) began = span.start;
      if (back != is_backward(operation.role)) {
        close(span.start);
        began = span.start;
        if (back) ++turns;
        back = !back;
      }
      ended = span.end;
    }
    passes.micro_batch.push_back(std::min(turns / pipeline.chunks, pipeline.micro_batches - 1));
  }
  close(std::max(began, ended));
  return passes;
}

}  // namespace bandwright
