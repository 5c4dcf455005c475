#include "simulator/timeline.h"

namespace bandwright {

double Timeline::bytes_of(const Step& graph, const Chunk& chunk) const {
  const std::uint32_t collective = graph.operations[chunk.operation].collective;
  if (collective >= sent.size() || chunk.chunk >= sent[collective].size()) return 0.0;
  for (const Sent& each : sent[collective][chunk.chunk]) {
    if (each.queue == chunk.queue && each.kind == chunk.kind) return each.bytes;
  }
  return 0.0;
}

std::vector<std::vector<std::vector<Timeline::Sent>>> sent_by(const CommunicationPlan& plan) {
  std::vector<std::vector<std::vector<Timeline::Sent>>> sent;
  for (const CommunicationPlan::Call& call : plan.calls) {
    std::vector<std::vector<Timeline::Sent>>& chunks = sent.emplace_back();
    for (const std::uint32_t number : call.plan.plan_of_chunk) {
      std::vector<Timeline::Sent>& phases = chunks.emplace_back();
      for (const Phase& phase : call.plan.plans[number]) {
        phases.push_back({call.queues[phase.part], phase.kind, phase.bytes});
      }
    }
  }
  return sent;
}

}  // namespace bandwright
