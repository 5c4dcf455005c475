#include "formats/trace_ties.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/error.h"

namespace bandwright {

TraceTies::TraceTies(const TraceSet& traces)
    : traces_(traces), class_of_(static_cast<std::size_t>(traces.npus)) {
  for (std::size_t c = 0; c < traces.classes.size(); ++c) {
    for (const int npu : traces.classes[c].npus) class_of_[static_cast<std::size_t>(npu)] = c;
  }
}

void TraceTies::add(std::size_t c, const TraceNode& node, OperationId id) {
  const int npu = traces_.classes[c].npus[0];
  if (node.kind == TraceNodeKind::Send) {
    sends_[{c, class_of(node.peer), node.peer - npu, node.tag}].push_back(id);
  } else if (node.kind == TraceNodeKind::Receive) {
    receives_[{class_of(node.peer), c, npu - node.peer, node.tag}].push_back({id, node.id});
  } else if (node.kind == TraceNodeKind::Collective) {
    meetings_[meeting_of(c, node)][c].push_back(id);
  }
}

TraceTies::Meeting TraceTies::meeting_of(std::size_t c, const TraceNode& node) {
  const auto [known, fresh] = company_.try_emplace({c, node.group});
  if (fresh) {
    std::set<std::pair<std::size_t, std::size_t>> company;
    if (node.group.empty()) {
      for (std::size_t other = 0; other < traces_.classes.size(); ++other) company.emplace(other, 0);
    } else {
      for (const int member : traces_.groups.at(node.group)) {
        const std::size_t other = class_of(member);
        const TraceClass& theirs = traces_.classes[other];
        const auto at =
            std::lower_bound(theirs.npus.begin(), theirs.npus.end(), member) - theirs.npus.begin();
        const std::vector<std::string>& names = theirs.groups[static_cast<std::size_t>(at)];
        const auto place = std::find(names.begin(), names.end(), node.group) - names.begin();
        company.emplace(other, static_cast<std::size_t>(place));
      }
    }
    known->second.assign(company.begin(), company.end());
  }
  return {known->second, node.dimensions};
}

void TraceTies::enter_messages(RankedStep& ranks, std::vector<std::vector<OperationId>>& after) const {
  auto sends_left = sends_;
  for (const auto& [key, receives] : receives_) {
    std::deque<OperationId>& sends = sends_left[key];
    const auto& [from, to, distance, tag] = key;
    for (const Receive& receive : receives) {
      if (sends.empty()) {
        const int npu = traces_.classes[to].npus[0];
        throw InputError(
            fmt::format("{}: node {} of NPU {} receives from NPU {} (tag {}), which does not send",
                        traces_.name, receive.node, npu, npu - distance, tag));
      }
      const OperationId send = sends.front();
      sends.pop_front();
      after[receive.id].push_back(send);
      ranks.ties[receive.id].receives = true;
      ranks.ties[send].receive = receive.id;
      ranks.ties[send].distance = distance;
    }
  }
  for (const auto& [key, sends] : sends_left) {
    if (sends.empty()) continue;
    const int npu = traces_.classes[std::get<0>(key)].npus[0];
    throw InputError(fmt::format("{}: NPU {} sends to NPU {} (tag {}), which does not receive", traces_.name,
                                 npu, npu + std::get<2>(key), std::get<3>(key)));
  }
}

// Folded, the k-th collective of a group waits for what each class's k-th waits for.
void TraceTies::enter_meetings(RankedStep& ranks, std::vector<std::vector<OperationId>>& after) const {
  for (const auto& [meeting, by_class] : meetings_) {
    const auto& [first, calls] = *by_class.begin();
    for (const auto& [c, place] : meeting.first) {
      const auto own = by_class.find(c);
      const std::size_t count = own == by_class.end() ? 0 : own->second.size();
      if (count == calls.size() || !meeting.second.empty()) continue;
      throw InputError(fmt::format(
          "{}: NPU {} calls {} collectives of a group, NPU {} of the same group calls {}", traces_.name,
          traces_.classes[first].npus[0], calls.size(), traces_.classes[c].npus[0], count));
    }
    for (std::size_t k = 0; k < calls.size(); ++k) {
      std::vector<OperationId> all;
      for (const auto& [c, operations] : by_class) {
        if (k >= operations.size()) continue;
        ranks.ties[operations[k]].meeting = calls[k];
        all.insert(all.end(), after[operations[k]].begin(), after[operations[k]].end());
      }
      if (by_class.size() == 1) continue;
      for (const auto& [c, operations] : by_class) {
        if (k < operations.size()) after[operations[k]] = all;
      }
    }
  }
}

void TraceTies::enter(RankedStep& ranks, std::vector<std::vector<OperationId>>& after) const {
  enter_messages(ranks, after);
  enter_meetings(ranks, after);
}

}  // namespace bandwright
