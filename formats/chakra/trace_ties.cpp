#include "formats/chakra/trace_ties.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/error.h"

namespace bandwright {

TraceTies::TraceTies(const TraceSet& traces)
    : traces_(traces), class_of_(static_cast<std::size_t>(traces.npus)) {
  for (std::size_t c = 0; c < traces.classes.size(); ++c) {
    for (const int npu : traces.classes[c].npus) class_of_[static_cast<std::size_t>(npu)] = c;
  }
}

void TraceTies::add(std::size_t c, const TraceNode& node, OperationId id) {
  const int npu = first_npu(c);
  const Call call{id, node.id, node.collective};
  if (node.kind == TraceNodeKind::Send) {
    sends_[{c, class_of(node.peer), node.peer - npu, node.tag}].push_back(call);
  } else if (node.kind == TraceNodeKind::Receive) {
    receives_[{class_of(node.peer), c, npu - node.peer, node.tag}].push_back(call);
  } else if (node.kind == TraceNodeKind::Collective) {
    meetings_[meeting_of(c, node)][c].push_back(call);
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

void TraceTies::check_messages() const {
  const Calls none;
  const auto calls_of = [&](const std::map<Message, Calls>& ends, const Message& key) -> const Calls& {
    const auto found = ends.find(key);
    return found == ends.end() ? none : found->second;
  };
  for (const auto& [key, receives] : receives_) {
    const auto& [from, to, distance, tag] = key;
    const Calls& sends = calls_of(sends_, key);
    for (std::size_t i = 0; i < receives.size(); ++i) {
      if (i >= sends.size()) {
        throw InputError(
            fmt::format("{}: node {} of NPU {} receives from NPU {} (tag {}), which does not send",
                        traces_.name, receives[i].node, first_npu(to), first_npu(to) - distance, tag));
      }
      // A receive need not say how much it expects.
      if (receives[i].what.bytes > Bytes(0)) check_alike(from, sends[i], to, receives[i]);
    }
  }
  for (const auto& [key, sends] : sends_) {
    const auto& [from, to, distance, tag] = key;
    const std::size_t received = calls_of(receives_, key).size();
    if (received >= sends.size()) continue;
    throw InputError(fmt::format("{}: node {} of NPU {} sends to NPU {} (tag {}), which does not receive",
                                 traces_.name, sends[received].node, first_npu(from),
                                 first_npu(from) + distance, tag));
  }
}

void TraceTies::check_alike(std::size_t c, const Call& call, std::size_t other, const Call& others) const {
  if (call.what.kind == others.what.kind && call.what.bytes == others.what.bytes) return;
  const auto said = [&](std::size_t whose, const Call& one) {
    return fmt::format("node {} of NPU {} says {} of {} B", one.node, first_npu(whose),
                       collective_name(one.what.kind), one.what.bytes.value());
  };
  throw InputError(fmt::format("{}: {}, and {} of the same {}", traces_.name, said(c, call),
                               said(other, others),
                               call.what.kind == CollectiveKind::PointToPoint ? "message" : "collective"));
}

void TraceTies::check_meetings() const {
  for (const auto& [meeting, by_class] : meetings_) {
    const auto& [first, calls] = *by_class.begin();
    for (const auto& [c, place] : meeting.first) {
      const auto own = by_class.find(c);
      const std::size_t count = own == by_class.end() ? 0 : own->second.size();
      // Along some dimensions only, NPUs of other lines may call less often.
      if (count != calls.size() && meeting.second.empty()) {
        throw InputError(
            fmt::format("{}: NPU {} calls {} collectives of a group, NPU {} of the same group calls {}",
                        traces_.name, first_npu(first), calls.size(), first_npu(c), count));
      }
      for (std::size_t k = 0; k < std::min(count, calls.size()); ++k) {
        check_alike(first, calls[k], c, own->second[k]);
      }
    }
  }
}

void TraceTies::check() const {
  check_messages();
  check_meetings();
}

void TraceTies::enter(RankedStep& ranks, std::vector<std::vector<OperationId>>& after) const {
  check();
  for (const auto& [key, receives] : receives_) {
    const Calls& sends = sends_.at(key);
    for (std::size_t i = 0; i < receives.size(); ++i) {
      after[receives[i].id].push_back(sends[i].id);
      ranks.ties[receives[i].id].receives = true;
      ranks.ties[sends[i].id].receive = receives[i].id;
      ranks.ties[sends[i].id].distance = std::get<2>(key);
    }
  }
  for (const auto& [meeting, by_class] : meetings_) {
    const Calls& calls = by_class.begin()->second;
    for (std::size_t k = 0; k < calls.size(); ++k) {
      // Folded, the k-th collective of a group waits for what each class's k-th waits for.
      std::vector<OperationId> all;
      for (const auto& [c, operations] : by_class) {
        if (k >= operations.size()) continue;
        ranks.ties[operations[k].id].meeting = calls[k].id;
        all.insert(all.end(), after[operations[k].id].begin(), after[operations[k].id].end());
      }
      if (by_class.size() == 1) continue;
      for (const auto& [c, operations] : by_class) {
        if (k < operations.size()) after[operations[k].id] = all;
      }
    }
  }
}

namespace {

// Whether a node communicates; one that does not waits for nobody.
bool meets_others(const TraceSet& traces, const TraceNode& node) {
  if (node.kind != TraceNodeKind::Collective) return true;
  const bool alone = !node.group.empty() && traces.groups.at(node.group).size() < 2;
  return node.collective.bytes > Bytes(0) && !alone && traces.npus > 1;
}

// What each node waits for, by places in the order of classes and their nodes.
std::vector<std::vector<OperationId>> waits_of(const TraceSet& traces) {
  TraceTies ties(traces);
  std::vector<std::vector<OperationId>> after;
  for (std::size_t c = 0; c < traces.classes.size(); ++c) {
    const auto first = static_cast<OperationId>(after.size());
    std::unordered_map<std::uint64_t, OperationId> places;
    for (const TraceNode& node : traces.classes[c].nodes) {
      places.emplace(node.id, first + static_cast<OperationId>(places.size()));
    }
    for (const TraceNode& node : traces.classes[c].nodes) {
      if (meets_others(traces, node)) ties.add(c, node, static_cast<OperationId>(after.size()));
      std::vector<OperationId>& own = after.emplace_back();
      for (const std::uint64_t before : node.dependencies) own.push_back(places.at(before));
    }
  }
  RankedStep ranks;
  ranks.ties.resize(after.size());
  ties.enter(ranks, after);
  return after;
}

// How many nodes are never waited out.
std::vector<std::size_t> missing_at_the_end(const std::vector<std::vector<OperationId>>& after) {
  std::vector<std::vector<OperationId>> followers(after.size());
  std::vector<std::size_t> missing(after.size());
  std::vector<OperationId> ready;
  for (OperationId id = 0; id < after.size(); ++id) {
    missing[id] = after[id].size();
    for (const OperationId before : after[id]) followers[before].push_back(id);
    if (missing[id] == 0) ready.push_back(id);
  }
  while (!ready.empty()) {
    const OperationId id = ready.back();
    ready.pop_back();
    for (const OperationId next : followers[id]) {
      if (--missing[next] == 0) ready.push_back(next);
    }
  }
  return missing;
}

// That no node waits, over messages and collectives, for itself.
void check_order(const TraceSet& traces) {
  const std::vector<std::size_t> missing = missing_at_the_end(waits_of(traces));
  const auto waiting =
      missing.size() - static_cast<std::size_t>(std::count(missing.begin(), missing.end(), 0U));
  if (waiting == 0) return;
  std::size_t id = 0;
  for (const TraceClass& one : traces.classes) {
    for (const TraceNode& node : one.nodes) {
      if (missing[id++] == 0) continue;
      throw InputError(fmt::format("{}: {} of {} nodes can never start, node {} of NPU {} among them",
                                   traces.name, waiting, missing.size(), node.id, one.npus[0]));
    }
  }
}

}  // namespace

void check_ties(const TraceSet& traces) {
  TraceTies ties(traces);
  OperationId id = 0;
  for (std::size_t c = 0; c < traces.classes.size(); ++c) {
    for (const TraceNode& node : traces.classes[c].nodes) ties.add(c, node, id++);
  }
  ties.check();
  check_order(traces);
}

}  // namespace bandwright
