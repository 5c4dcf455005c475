#include "simulator/picture/pipeline_picture.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace bandwright {
namespace {

// Passes of one direction in the order that every stage keeps: rounds of as many micro-batches as there are
// stages, chunk by chunk.
std::vector<StagePass> one_way(const Pipeline& pipeline, bool forward) {
  std::vector<StagePass> order;
  for (std::int64_t first = 0; first < pipeline.micro_batches; first += pipeline.stages) {
    const std::int64_t end = std::min(first + pipeline.stages, pipeline.micro_batches);
    for (std::int64_t turn = 0; turn < pipeline.chunks; ++turn) {
      const std::int64_t chunk = forward ? turn : pipeline.chunks - 1 - turn;
      for (std::int64_t micro = first; micro < end; ++micro) {
        order.push_back({.chunk = chunk, .micro_batch = micro, .forward = forward});
      }
    }
  }
  return order;
}

// How many forward passes a stage has begun before its first backward pass.
std::int64_t warm_up(const Pipeline& pipeline, std::int64_t stage) {
  const std::int64_t behind = pipeline.stages - 1 - stage;
  return pipeline.chunks == 1 ? behind : 2 * behind + (pipeline.chunks - 1) * pipeline.stages;
}

std::vector<StagePass> order_of(const Pipeline& pipeline, std::int64_t stage) {
  const std::vector<StagePass> forward = one_way(pipeline, true);
  const std::vector<StagePass> backward = one_way(pipeline, false);
  const auto ahead = std::min(static_cast<std::size_t>(warm_up(pipeline, stage)), forward.size());
  std::vector<StagePass> order(forward.begin(), forward.begin() + static_cast<std::ptrdiff_t>(ahead));
  for (std::size_t i = 0; i < backward.size(); ++i) {
    if (i + ahead < forward.size()) order.push_back(forward[i + ahead]);
    order.push_back(backward[i]);
  }
  for (StagePass& pass : order) pass.stage = stage;
  return order;
}

using Ends = std::map<std::tuple<bool, std::int64_t, std::int64_t, std::int64_t>, Time>;

// The pass of the layers before, or behind on the way back: when it ended, nothing where it has not yet.
std::optional<Time> ready_at(const Pipeline& pipeline, const StagePass& pass, const Ends& ends) {
  const std::int64_t last = pipeline.stages - 1;
  StagePass before = pass;
  if (pass.forward) {
    if (pass.stage == 0 && pass.chunk == 0) return Time();
    before.stage = pass.stage == 0 ? last : pass.stage - 1;
    if (pass.stage == 0) --before.chunk;
  } else if (pass.stage == last && pass.chunk == pipeline.chunks - 1) {
    before.forward = true;
  } else {
    before.stage = pass.stage == last ? 0 : pass.stage + 1;
    if (pass.stage == last) ++before.chunk;
  }
  const auto found = ends.find({before.forward, before.stage, before.chunk, before.micro_batch});
  if (found == ends.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::vector<StagePass> pipeline_passes(const Pipeline& pipeline, Time forward, Time backward) {
  std::vector<std::vector<StagePass>> orders;
  for (std::int64_t stage = 0; stage < pipeline.stages; ++stage) orders.push_back(order_of(pipeline, stage));
  std::vector<std::size_t> done(orders.size());
  std::vector<Time> free_at(orders.size());
  Ends ends;
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t stage = 0; stage < orders.size(); ++stage) {
      while (done[stage] < orders[stage].size()) {
        StagePass& pass = orders[stage][done[stage]];
        const std::optional<Time> ready = ready_at(pipeline, pass, ends);
        if (!ready) break;
        pass.start = std::max(*ready, free_at[stage]);
        pass.end = free_at[stage] = pass.start + (pass.forward ? forward : backward);
        ends[{pass.forward, pass.stage, pass.chunk, pass.micro_batch}] = pass.end;
        ++done[stage];
        moved = true;
      }
    }
  }
  std::vector<StagePass> all;
  for (std::size_t stage = 0; stage < orders.size(); ++stage) {
    if (done[stage] < orders[stage].size()) return {};
    all.insert(all.end(), orders[stage].begin(), orders[stage].end());
  }
  return all;
}

}  // namespace bandwright
