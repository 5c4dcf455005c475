#include "plan/hardware/hardware_proof.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>

#include "core/error.h"
#include "core/stopping.h"
#include "plan/hardware/matrix_step.h"
#include "plan/hardware/shape_bound.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_pairs = 400'000;

bool same_division(const Parallelism& a, const Parallelism& b) {
  return a.tensor == b.tensor && a.context == b.context && a.pipeline == b.pipeline && a.expert == b.expert &&
         a.virtual_stages == b.virtual_stages && a.micro_batch == b.micro_batch && a.zero == b.zero &&
         a.recompute == b.recompute && a.sequence_parallel == b.sequence_parallel;
}

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
    tbb::task_arena arena(search_.threads > 0 ? search_.threads : tbb::task_arena::automatic);
    const StopCheck stop;
    arena.execute([&] {
      tbb::parallel_for(std::size_t{0}, sizes.size(), [&](std::size_t i) {
        stop.look();
        lines[i] = close(sizes[i]);
      });
    });
    if (pairs_ > most_pairs) {
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
      const PathTime time = step.together(together_.classes, together_.copying, together_.gb_per_s);
      const double limit = proved_limit(search_, found_, p);
      if (bound_rounding * time.ns > limit) {
        ++line.above_bound;
        line.least_bound_ns = std::min(line.least_bound_ns.value_or(time.ns), time.ns);
      } else if (pairs_ <= most_pairs) {
        close_on_networks(job, {time.constant_ns(together_.gb_per_s), time.bytes}, limit, line);
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
        const std::optional<FreeLayout> layout = try_layout(space_.hardware, family, job.parallelism);
        if (!layout) continue;
        const FreeRegion region = region_of(space_, family);
        FreeBandwidths from = evenly(region);
        const AxisShares shares = axis_shares(space_.hardware, family, layout->groups);
        if (path_above(path, shares, region, limit, from)) {
          ++line.by_path;
        } else {
          close_family(job, family, *layout, limit, line);
        }
      }
    }
  }

  void close_family(const TrainingJob& job, const ShapeFamily& family, const FreeLayout& layout, double limit,
                    ClosedSizes& line) {
    if (close_shapes(job, family, layout, 8, "", limit, evenly(region_of(space_, family)), line)) return;
    for_each_shape(family, [&](const ShapeFamily& shape) {
      const FreeLayout own = layout_of(space_.hardware, shape, job.parallelism);
      const std::string kinds = kind_letters(shape);
      const FreeBandwidths even = evenly(region_of(space_, shape));
      if (close_shapes(job, shape, own, 8, kinds, limit, even, line)) return;
      // Near the answer: from the optimum on, where one cut is enough but for kinks.
      FreeStep step(space_.divisions.job);
      const SolvedShape solved = solve_shape(space_, job.parallelism, shape, step);
      FreeBandwidths best = even;
      std::copy(solved.gb_per_s.begin(), solved.gb_per_s.end(), best.begin());
      if (close_shapes(job, shape, own, CutBound::most_cuts, kinds, limit, best, line)) return;
      throw InputError(fmt::format("--proof: a bound stays {:.1e} below what was found ({} on {})",
                                   shortfall_.load(), fmt::join(job.parallelism.placement, ","), kinds));
    });
  }

  // By so many cuts, whether they suffice.
  bool close_shapes(const TrainingJob& job, const ShapeFamily& shapes, const FreeLayout& layout, int most,
                    const std::string& kinds, double limit, FreeBandwidths at, ClosedSizes& line) {
    const MatrixStep step(job, layout.groups);
    const FreeRegion region = region_of(space_, shapes);
    CutBound cuts(region);
    const auto n = static_cast<std::size_t>(region.dimensions);
    for (int k = 0; k < most && !cuts.full() && bound_rounding * cuts.ns() <= limit; ++k) {
      cuts.add(step.over(layout, std::span(at).first(n)), at);
      at = cuts.gb_per_s();
    }
    if (bound_rounding * cuts.ns() <= limit) {
      shortfall_ = 1.0 - cuts.ns() / limit;
      return false;
    }
    ++pairs_;
    const Parallelism& p = job.parallelism;
    ClosedPair pair{.virtual_stages = p.virtual_stages,
                    .micro_batch = p.micro_batch,
                    .zero = p.zero,
                    .recompute = p.recompute,
                    .sequence_parallel = p.sequence_parallel,
                    .groups = fmt::format("{}", fmt::join(p.placement, ",")),
                    .npus = shapes.npus,
                    .kinds = kinds,
                    .bound_ns = cuts.ns()};
    for (const CutBound::Cut& cut : cuts.cuts()) {
      if (cut.weight <= 0.0) continue;
      pair.cuts.push_back(
          {cut.weight, {cut.asked.begin(), cut.asked.begin() + static_cast<std::ptrdiff_t>(n)}});
    }
    line.pairs.push_back(std::move(pair));
    return true;
  }

  const HardwareSpace& space_;
  const HardwareSearch& search_;
  const RankedHardwares& found_;
  std::int64_t npus_;
  Network flat_;
  DivisionDomains domains_;
  Together together_;
  std::atomic<std::int64_t> pairs_{0};
  std::atomic<double> shortfall_{0.0};  // of the last bound that did not suffice
};

}  // namespace

Network flat_network(std::int64_t npus) {
  Network flat;
  flat.dimensions.push_back({&dimension_kind("Switch"), static_cast<int>(npus), "Pod"});
  return flat;
}

Together all_together(const HardwareSpace& space) {
  Together together;
  for (const HardwareClass& each : space.hardware.classes) {
    together.classes.push_back(each.links);
    if (!each.links.software.copies) together.copying = 0.0;
  }
  together.gb_per_s.fill(most_together(space));
  return together;
}

std::string kind_letters(const ShapeFamily& shape) {
  std::string letters;
  for (const std::uint8_t kind : shape.kinds) {
    letters += dimension_kinds()[static_cast<std::size_t>(std::countr_zero(kind))].name.front();
  }
  return letters;
}

double proved_limit(const HardwareSearch& search, const RankedHardwares& found, const Parallelism& p) {
  constexpr double gap = 4e-9;
  double limit = std::numeric_limits<double>::infinity();
  if (found.best.size() >= search.best) limit = found.best.back().step_ns;
  if (search.longest_step_ns > 0.0) limit = std::min(limit, search.longest_step_ns);
  for (const RankedHardware& row : found.best) {
    const bool tie = std::any_of(row.ties.begin(), row.ties.end(),
                                 [&](const Parallelism& other) { return same_division(other, p); });
    if (tie || same_division(row.parallelism, p)) limit = std::min(limit, row.step_ns);
  }
  return limit * (1.0 - gap);
}

std::vector<ClosedSizes> prove_hardware(const HardwareSpace& space, const HardwareSearch& search,
                                        const RankedHardwares& found) {
  if (!space.constraints.empty()) {
    throw InputError("--proof: not with --constraint, which bounds of a network that is bought leave out");
  }
  return HardwareProver(space, search, found).run();
}

}  // namespace bandwright
