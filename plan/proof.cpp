#include "plan/proof.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>

#include "core/error.h"
#include "plan/division_bound.h"
#include "plan/merit.h"
#include "plan/step_evaluator.h"
#include "runner/message.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

void lower(std::optional<double>& least, double value) { least = least ? std::min(*least, value) : value; }

// Closes the subtrees of one NPU count.
class Closer {
 public:
  Closer(const DivisionSpace& space, const DivisionSearch& search, std::int64_t npus, double weight,
         Merit last)
      : space_(space),
        search_(search),
        npus_(npus),
        weight_(weight),
        last_(last),
        domains_(domains_of(space, npus)),
        network_(space.job.machine.network(npus)),
        sizes_(group_sizes(space, domains_, network_)) {}

  // Pieces of a few subtrees, which share what their steps have in common.
  std::vector<ClosedSubtree> run(Crew& crew) const {
    constexpr std::size_t grain = 16;
    std::vector<ClosedSubtree> lines(sizes_.size());
    const auto of_piece = [&](std::size_t piece) {
      return std::span(lines).subspan(piece * grain, std::min(grain, lines.size() - piece * grain));
    };
    struct Own {
      DivisionBound bound;
      StepEvaluator steps;
    };
    tbb::enumerable_thread_specific<Own> own([&] {
      return Own{DivisionBound(space_.job), StepEvaluator(space_.job, network_)};
    });
    crew.run({.pieces = (lines.size() + grain - 1) / grain,
              .compute =
                  [&](std::size_t piece) {
                    Own& mine = own.local();
                    std::size_t index = piece * grain;
                    for (ClosedSubtree& line : of_piece(piece)) {
                      line = close(sizes_[index++], mine.bound, mine.steps);
                    }
                  },
              .pack =
                  [&](std::size_t piece) {
                    std::string bytes;
                    for (const ClosedSubtree& line : of_piece(piece)) put(bytes, line);
                    return bytes;
                  },
              .unpack =
                  [&](std::size_t piece, std::string_view bytes) {
                    for (ClosedSubtree& line : of_piece(piece)) line = take<ClosedSubtree>(bytes);
                  },
              .finished = telling(search_.progress, "proof", (lines.size() + grain - 1) / grain)});
    return lines;
  }

 private:
  ClosedSubtree close(const GroupSizes& sizes, DivisionBound& bound, StepEvaluator& steps) const {
    ClosedSubtree line{.npus = npus_, .sizes = sizes};
    const double capacity = memory_limit(space_, search_);
    for_each_division(space_, domains_, sizes, npus_, [&](const Parallelism& p) {
      ++line.valid;
      if (memory_bill(space_.job.model, p).total() > capacity) {
        ++line.do_not_fit;
        return;
      }
      const double least = bound(p);
      if (bound_merit(search_.objective, weight_, least) > last_) {
        ++line.above_bound;
        lower(line.least_bound_ns, least);
      } else {
        ++line.evaluated;
        lower(line.least_step_ns, steps.step_ns(p));
      }
    });
    return line;
  }

  const DivisionSpace& space_;
  const DivisionSearch& search_;
  std::int64_t npus_;
  double weight_;
  Merit last_;
  DivisionDomains domains_;
  Network network_;
  std::vector<GroupSizes> sizes_;
};

}  // namespace

std::vector<ClosedSubtree> prove(const DivisionSpace& space, const DivisionSearch& search,
                                 const RankedDivisions& found) {
  const Merit last = last_merit(space, search, found);
  const auto own_crew = search.crew == nullptr ? std::make_unique<Crew>(search.threads) : nullptr;
  Crew& crew = search.crew == nullptr ? *own_crew : *search.crew;
  std::vector<ClosedSubtree> lines;
  for (std::size_t i = 0; i < space.npus.size(); ++i) {
    try {
      static_cast<void>(space.job.machine.network(space.npus[i]));
    } catch (const InputError&) {
      continue;  // an obstacle, said in the answer
    }
    const Closer closer(space, search, space.npus[i], space.weights.empty() ? 1.0 : space.weights[i], last);
    const std::vector<ClosedSubtree> some = closer.run(crew);
    lines.insert(lines.end(), some.begin(), some.end());
  }
  return lines;
}

}  // namespace bandwright
