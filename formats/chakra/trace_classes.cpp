#include "formats/chakra/trace_classes.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/stopping.h"

namespace bandwright {
namespace {

// Whom an NPU communicates with: classes of the NPUs it sends to or receives from, in the order of their
// distance, and of each group the classes of its members with what place the group has among theirs.
using Company =
    std::pair<std::vector<std::size_t>, std::vector<std::set<std::pair<std::size_t, std::size_t>>>>;

class Refinement {
 public:
  explicit Refinement(TraceSet& set) : set_(set), class_of_(static_cast<std::size_t>(set.npus)) {}

  void run() {
    std::size_t before = 0;
    while (before != set_.classes.size()) {
      before = set_.classes.size();
      number_classes();
      for (std::size_t c = 0; c < before; ++c) split(c);
    }
    std::sort(set_.classes.begin(), set_.classes.end(),
              [](const TraceClass& a, const TraceClass& b) { return a.npus[0] < b.npus[0]; });
  }

 private:
  void number_classes() {
    for (std::size_t c = 0; c < set_.classes.size(); ++c) {
      const TraceClass& one = set_.classes[c];
      for (std::size_t i = 0; i < one.npus.size(); ++i) {
        stop_.look_now_and_then();
        class_of_[static_cast<std::size_t>(one.npus[i])] = c;
        for (std::size_t g = 0; g < one.groups[i].size(); ++g) place_[{one.npus[i], one.groups[i][g]}] = g;
      }
    }
  }

  [[nodiscard]] Company company_of(const TraceClass& one, std::size_t i,
                                   const std::set<std::int64_t>& distances) const {
    Company company;
    for (const std::int64_t distance : distances) {
      const std::int64_t peer = (one.npus[i] + distance + set_.npus) % set_.npus;
      company.first.push_back(class_of_[static_cast<std::size_t>(peer)]);
    }
    for (const std::string& group : one.groups[i]) {
      auto& members = company.second.emplace_back();
      for (const int member : set_.groups.at(group)) {
        const auto place = place_.find({member, group});
        const std::size_t unused = set_.groups.size();
        members.emplace(class_of_[static_cast<std::size_t>(member)],
                        place == place_.end() ? unused : place->second);
      }
    }
    return company;
  }

  void split(std::size_t c) {
    std::set<std::int64_t> distances;
    for (const TraceNode& node : set_.classes[c].nodes) {
      if (node.peer >= 0) distances.insert(node.peer - set_.classes[c].npus[0]);
    }
    std::map<Company, std::vector<std::size_t>> parts;
    for (std::size_t i = 0; i < set_.classes[c].npus.size(); ++i) {
      stop_.look_now_and_then();
      parts[company_of(set_.classes[c], i, distances)].push_back(i);
    }
    if (parts.size() == 1) return;
    const TraceClass whole = std::move(set_.classes[c]);
    bool first = true;
    for (const auto& [company, members] : parts) {
      TraceClass part = part_of(whole, members);
      if (first) {
        set_.classes[c] = std::move(part);
      } else {
        set_.classes.push_back(std::move(part));
      }
      first = false;
    }
  }

  // The nodes as the first of these NPUs has them: its own groups and peers.
  [[nodiscard]] TraceClass part_of(const TraceClass& whole, const std::vector<std::size_t>& members) const {
    TraceClass part{.nodes = whole.nodes};
    for (const std::size_t i : members) {
      part.npus.push_back(whole.npus[i]);
      part.groups.push_back(whole.groups[i]);
    }
    const int shift = part.npus[0] - whole.npus[0];
    for (TraceNode& node : part.nodes) {
      if (node.peer >= 0) node.peer = (node.peer + shift + set_.npus) % set_.npus;
      if (node.group.empty()) continue;
      const auto place = std::find(whole.groups[0].begin(), whole.groups[0].end(), node.group);
      node.group = part.groups[0][static_cast<std::size_t>(place - whole.groups[0].begin())];
    }
    return part;
  }

  TraceSet& set_;
  std::vector<std::size_t> class_of_;                         // by NPU
  std::map<std::pair<int, std::string>, std::size_t> place_;  // of a group among an NPU's
  StopCheck stop_;
};

}  // namespace

void split_by_partners(TraceSet& set) {
  if (set.npus > 1) Refinement(set).run();
}

}  // namespace bandwright
