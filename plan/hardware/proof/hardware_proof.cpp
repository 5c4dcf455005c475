#include "plan/hardware/proof/hardware_proof.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>

#include "core/error.h"
#include "core/stopping.h"
#include "plan/hardware/group_layout.h"
#include "plan/hardware/proof/matrix_step.h"
#include "plan/hardware/shape_bound.h"
#include "plan/hardware/together.h"
#include "training/division/parallel_groups.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_pairs = 400'000;

class HardwareProver {
 public:
  HardwareProver(const HardwareSpace& space, const HardwareSearch& search, const RankedHardwares& found)
      : space_(space),
        search_(search),
        found_(found),
        npus_(space.divisions.npus.front()),
        flat_(flat_network(npus_)),
        domains_(domains_of(space.divisions, npus_)),
        together_(all_together(space)) {}

  std::vector<ClosedSizes> run() {
    const std::vector<GroupSizes> sizes = group_sizes(space_.divisions, domains_, flat_);
    std::vector<ClosedSizes> lines(sizes.size());
    const std::unique_ptr<Crew> own_crew =
        search_.crew == nullptr ? std::make_unique<Crew>(search_.threads) : nullptr;
    Crew& crew = search_.crew == nullptr ? *own_crew : *search_.crew;
    const bool complete = crew.run(
        {.pieces = sizes.size(),
         .compute = [&](std::size_t i) { lines[i] = close(sizes[i]); },
         .pack = [&](std::size_t i) { return packed(lines[i]); },
         .unpack = [&](std::size_t i, std::string_view bytes) { lines[i] = unpacked_closed_sizes(bytes); },
         .finished = telling(search_.progress, "proof", sizes.size()),
         .everywhere = true,
         .stopped = [&] { return search_.asked_to_stop(); }});
    if (!complete) throw Stopped{};
    std::size_t pairs = 0;
    for (const ClosedSizes& line : lines) pairs += line.pairs.size();
    if (pairs > most_pairs) {
      throw InputError(
          fmt::format("--proof: more than {} pairs of a division and a network are near the answer "
                      "(use a smaller --best)",
                      most_pairs));
    }
    return lines;
  }

 private:
  ClosedSizes close(const GroupSizes& sizes) {
    ClosedSizes line{.sizes = sizes};
    const double capacity = memory_limit(space_.divisions, {.most_memory_bytes = search_.most_memory_bytes});
    std::vector<Group> groups;
    TrainingJob job = space_.divisions.job;
    for_each_division(space_.divisions, domains_, sizes, npus_, [&](const Parallelism& p) {
      ++line.valid;
      if (memory_bill(job.model, p).total() > capacity) {
        ++line.do_not_fit;
        return;
      }
      if (groups.empty()) groups = parallel_groups(flat_, p);
      job.parallelism = p;
      const MatrixStep step(job, groups);
      const BoundWhatever whatever =
          bound_whatever(space_.goal, together_, [&](std::span<const double> gb_per_s) {
            return step.together(together_.classes, together_.copying, gb_per_s);
          });
      const double limit = proved_limit(space_, search_, found_, p);
      if (above(whatever.value, limit)) {
        ++line.above_bound;
        if (std::isfinite(whatever.value))
          line.least_bound = std::min(line.least_bound.value_or(whatever.value), whatever.value);
      } else if (pairs_ <= most_pairs) {
        close_on_networks(job, whatever.path, limit, line);
      }
    });
    return line;
  }

  void close_on_networks(TrainingJob job, const AxisPath& path, double limit, ClosedSizes& line) {
    std::vector<std::vector<std::string>> orders = {job.parallelism.placement};
    if (space_.any_placement) orders = placements(job.parallelism);
    for (const std::vector<std::string>& order : orders) {
      job.parallelism.placement = order;
      for (const ShapeFamily& family : space_.families) {
        if (search_.asked_to_stop()) throw Stopped{};
        const std::optional<FreeLayout> layout = try_layout(space_.hardware, family, job.parallelism);
        if (!layout) continue;
        const FreeRegion region = region_of(space_, family);
        FreeBandwidths from = evenly(region);
        const AxisShares shares = axis_shares(space_.hardware, family, layout->groups);
        if (path_above(path, shares, region, limit, from)) {
          ++line.by_path;
        } else {
          close_networks(job, family, *layout, limit, from, line);
        }
      }
    }
  }

  // All networks of these kinds at once, or those of each kind of a dimension, which ask first where the
  // bound of all has its least.
  void close_networks(const TrainingJob& job, const ShapeFamily& shapes, const FreeLayout& layout,
                      double limit, FreeBandwidths at, ClosedSizes& line) {
    constexpr int few = 8;
    const std::optional<std::size_t> dimension = open_dimension(shapes);
    const MatrixStep step(job, layout.groups);
    const StepAt time = [&](std::span<const double> gb_per_s) { return step.over(layout, gb_per_s); };
    if (close_by_cuts(job, shapes, time, few, limit, at, line)) return;
    if (!dimension) return close_by_multipliers(job, shapes, time, limit, line);
    ShapeFamily some = shapes;
    FreeLayout own = layout;
    for (std::size_t k = 0; k < dimension_kinds().size(); ++k) {
      if ((shapes.kinds[*dimension] >> k & 1U) == 0) continue;
      some.kinds[*dimension] = own.network[*dimension].kinds = static_cast<std::uint8_t>(1U << k);
      close_networks(job, some, own, limit, at, line);
    }
  }

  // Whether so many cuts suffice. Leaves where to ask next.
  bool close_by_cuts(const TrainingJob& job, const ShapeFamily& shapes, const StepAt& time, int most,
                     double limit, FreeBandwidths& at, ClosedSizes& line) {
    const FreeRegion region = region_of(space_, shapes);
    CutBound cuts(region);
    const CutSearch how{.gap = 1e-6, .most = most, .limit = [&] { return limit; }, .asked = {}};
    if (!above_limit(cuts, region, time, at, how)) return false;
    ClosedPair pair = pair_of(job.parallelism, shapes, cuts.value());
    for (const CutBound::Cut& cut : cuts.cuts()) {
      if (cut.weight > 0.0) add(pair, cut.weight, cut.asked);
    }
    line.pairs.push_back(std::move(pair));
    return true;
  }

  // Near the answer: from the optimum, where the optimizer knows how much each cut counts.
  void close_by_multipliers(const TrainingJob& job, const ShapeFamily& shape, const StepAt& time,
                            double limit, ClosedSizes& line) {
    const SolvedShape solved = solve_shape(space_, shape, time);
    const FreeRegion region = region_of(space_, shape);
    double constant = 0.0;
    FreeBandwidths bytes{};
    const auto n = static_cast<std::size_t>(region.dimensions);
    ClosedPair pair = pair_of(job.parallelism, shape, 0.0);
    for (const SolvedShape::Cut& cut : solved.cuts) {
      add(pair, cut.weight, cut.asked);
      constant += cut.weight * cut.time.constant_ns(std::span(cut.asked).first(n));
      for (std::size_t d = 0; d < n; ++d) bytes[d] += cut.weight * cut.time.bytes[d];
    }
    pair.bound = pair.cuts.empty() ? 0.0 : least_value(region, constant, bytes).value;
    if (!above(pair.bound, limit)) {
      throw InputError(fmt::format("--proof: a bound stays {:.1e} below what was found ({} on {} of {})",
                                   1.0 - pair.bound / limit, pair.groups, pair.kinds,
                                   fmt::join(shape.npus, "x")));
    }
    line.pairs.push_back(std::move(pair));
  }

  ClosedPair pair_of(const Parallelism& p, const ShapeFamily& shapes, double bound) {
    ++pairs_;
    return {.virtual_stages = p.virtual_stages,
            .micro_batch = p.micro_batch,
            .zero = p.zero,
            .recompute = p.recompute,
            .sequence_parallel = p.sequence_parallel,
            .groups = fmt::format("{}", fmt::join(p.placement, ",")),
            .npus = shapes.npus,
            .kinds = kind_letters(shapes),
            .cuts = {},
            .bound = bound};
  }
  static void add(ClosedPair& pair, double weight, const FreeBandwidths& asked) {
    const auto n = static_cast<std::ptrdiff_t>(pair.npus.size());
    pair.cuts.push_back({weight, {asked.begin(), asked.begin() + n}});
  }

  const HardwareSpace& space_;
  const HardwareSearch& search_;
  const RankedHardwares& found_;
  std::int64_t npus_;
  Network flat_;
  DivisionDomains domains_;
  Together together_;
  std::atomic<std::int64_t> pairs_{0};  // of this rank
};

}  // namespace

bool same_division(const Parallelism& a, const Parallelism& b) {
  return a.tensor == b.tensor && a.context == b.context && a.pipeline == b.pipeline && a.expert == b.expert &&
         a.virtual_stages == b.virtual_stages && a.micro_batch == b.micro_batch && a.zero == b.zero &&
         a.recompute == b.recompute && a.sequence_parallel == b.sequence_parallel;
}

std::string kind_letters(const ShapeFamily& shape) {
  std::string letters;
  for (const std::uint8_t kind : shape.kinds) {
    const auto first = static_cast<std::size_t>(std::countr_zero(kind));
    letters += std::popcount(kind) > 1 ? '*' : dimension_kinds()[first].name.front();
  }
  return letters;
}

double proved_limit(const HardwareSpace& space, const HardwareSearch& search, const RankedHardwares& found,
                    const Parallelism& p) {
  double limit = std::numeric_limits<double>::infinity();
  if (found.best.size() >= search.best) limit = found.best.back().value;
  if (search.longest_step_ns > 0.0 && space.goal.objective == PlanObjective::StepTime)
    limit = std::min(limit, search.longest_step_ns);
  for (const RankedHardware& row : found.best) {
    const bool tie = std::any_of(row.ties.begin(), row.ties.end(),
                                 [&](const Parallelism& other) { return same_division(other, p); });
    if (tie || same_division(row.parallelism, p)) limit = std::min(limit, row.value);
  }
  return limit * (1.0 - 4.0 * space.goal.gap());
}

std::vector<ClosedSizes> prove_hardware(const HardwareSpace& space, const HardwareSearch& search,
                                        const RankedHardwares& found) {
  if (!space.constraints.empty()) {
    throw InputError("--proof: not with --constraint, which bounds of a network that is bought leave out");
  }
  return HardwareProver(space, search, found).run();
}

}  // namespace bandwright
