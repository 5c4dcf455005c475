#include "plan/hardware/proof/hardware_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/stopping.h"
#include "plan/hardware/group_layout.h"
#include "plan/hardware/proof/matrix_step.h"
#include "plan/hardware/shape_bound.h"
#include "plan/hardware/together.h"
#include "plan/plain_loops.h"
#include "training/division/parallel_groups.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr double rounding_of_steps = 1e-11;

bool apart(double a, double b) { return a != b && !(std::abs(a - b) <= rounding_of_steps * std::max(a, b)); }

std::string sizes_words(const GroupSizes& s) {
  return fmt::format("TP {} CP {} PP {} EP {}", s.tensor, s.context, s.pipeline, s.expert);
}

std::string pair_words(const Parallelism& p, const ShapeFamily& family) {
  return fmt::format("TP {} CP {} PP {} x {} EP {} micro-batch {} ZeRO {} recompute {}{} {} on {}", p.tensor,
                     p.context, p.pipeline, p.virtual_stages, p.expert, p.micro_batch, p.zero,
                     recomputation_name(p.recompute), p.sequence_parallel ? " SP" : "",
                     fmt::join(p.placement, ","), fmt::join(family.npus, "x"));
}

class HardwareChecker {
 public:
  HardwareChecker(const HardwareSpace& space, const HardwareSearch& search, const RankedHardwares& found)
      : space_(space),
        search_(search),
        found_(found),
        flat_(flat_network(space.divisions.npus.front())),
        together_(all_together(space)),
        capacity_(memory_limit(space.divisions, {.most_memory_bytes = search.most_memory_bytes})) {}

  [[nodiscard]] std::string run(const std::vector<ClosedSizes>& proof) const {
    if (std::string fault = check_rows(); !fault.empty()) return fault;
    const std::vector<GroupSizes> expected = sizes_in_loops();
    for (std::size_t i = 0; i < std::max(expected.size(), proof.size()); ++i) {
      if (i == proof.size()) return sizes_words(expected[i]) + ": no line says why it is closed";
      if (i == expected.size() || !(expected[i] == proof[i].sizes)) {
        return sizes_words(proof[i].sizes) + ": not the next subtree of the space";
      }
    }
    std::vector<std::string> faults(proof.size());
    tbb::task_arena arena(search_.threads > 0 ? search_.threads : tbb::task_arena::automatic);
    const StopCheck stop;
    arena.execute([&] {
      tbb::parallel_for(std::size_t{0}, proof.size(), [&](std::size_t i) {
        stop.look();
        faults[i] = check(proof[i]);
      });
    });
    for (std::string& fault : faults) {
      if (!fault.empty()) return std::move(fault);
    }
    std::int64_t valid = 0;
    std::int64_t fit = 0;
    for (const ClosedSizes& line : proof) {
      valid += line.valid;
      fit += line.valid - line.do_not_fit;
    }
    return valid == found_.counts.valid && fit == found_.counts.fit ? ""
                                                                    : "the counts are not those of the lines";
  }

 private:
  [[nodiscard]] std::vector<GroupSizes> sizes_in_loops() const;
  [[nodiscard]] std::string check_rows() const;
  [[nodiscard]] std::string check_row(const RankedHardware& row, Parallelism p) const;
  [[nodiscard]] bool in_space(const Parallelism& p) const;
  [[nodiscard]] std::string check(const ClosedSizes& line) const;
  [[nodiscard]] std::string check_division(TrainingJob job, const AxisPath& path, double limit,
                                           const ClosedSizes& line, ClosedSizes& own,
                                           std::size_t& next) const;
  [[nodiscard]] std::string check_pair(const TrainingJob& job, const ShapeFamily& shapes,
                                       const FreeLayout& layout, double limit, const ClosedPair& pair) const;
  // The line of a pair, with its kinds; null for another one's.
  [[nodiscard]] static const ClosedPair* line_of(const ClosedSizes& line, std::size_t next,
                                                 const Parallelism& p, const ShapeFamily& shapes);
  [[nodiscard]] std::string check_networks(const TrainingJob& job, const ShapeFamily& shapes,
                                           const FreeLayout& layout, double limit, const ClosedSizes& line,
                                           std::size_t& next) const;

  const HardwareSpace& space_;
  const HardwareSearch& search_;
  const RankedHardwares& found_;
  Network flat_;
  Together together_;
  double capacity_;
};

std::vector<GroupSizes> HardwareChecker::sizes_in_loops() const {
  const DivisionSpace& space = space_.divisions;
  const std::int64_t npus = space.npus.front();
  const auto values = [&](const std::vector<std::int64_t>& given, std::int64_t most) {
    std::vector<std::int64_t> all = given;
    for (std::int64_t n = 1; given.empty() && n <= most; ++n) {
      if (npus % n == 0) all.push_back(n);
    }
    return all;
  };
  std::vector<GroupSizes> all;
  for (const std::int64_t tensor : values(space.tensor, npus)) {
    for (const std::int64_t context : values(space.context, npus)) {
      for (const std::int64_t pipeline : values(space.pipeline, npus)) {
        if (npus % (tensor * context * pipeline) != 0) continue;
        for (const std::int64_t expert : values(space.expert, space.job.model.sparse() ? npus : 1)) {
          Parallelism p = space.job.parallelism;
          p.tensor = tensor;
          p.context = context;
          p.pipeline = pipeline;
          p.expert = expert;
          p.data = npus / (tensor * context * pipeline);
          p.global_batch = p.data;  // whatever the batch
          p.micro_batch = 1;
          p.zero = 0;
          if (runs(space.job.model, flat_, p)) all.push_back({tensor, context, pipeline, expert});
        }
      }
    }
  }
  return all;
}

std::string HardwareChecker::check_row(const RankedHardware& row, Parallelism p) const {
  p.placement = row.parallelism.placement;
  const std::string words = pair_words(p, row.shape);
  if (!in_space(p)) return words + ": no division of the space";
  if (!space_.any_placement && p.placement != space_.divisions.job.parallelism.placement)
    return words + ": another order of groups";
  const bool shaped =
      std::any_of(space_.families.begin(), space_.families.end(), [&](const ShapeFamily& each) {
        bool same = each.npus == row.shape.npus;
        for (std::size_t d = 0; same && d < each.kinds.size(); ++d)
          same = (row.shape.kinds[d] & ~each.kinds[d]) == 0;
        return same;
      });
  if (!shaped) return words + ": no network of the space";
  if (memory_bill(space_.divisions.job.model, p).total() > capacity_) return words + ": does not fit";
  const std::optional<FreeLayout> layout = try_layout(space_.hardware, row.shape, p);
  if (!layout) return words + ": its groups do not lie over it";
  const FreeRegion region = region_of(space_, row.shape);
  double spent = 0.0;
  for (std::size_t d = 0; d < row.gb_per_s.size(); ++d) {
    spent += region.price[d] * row.gb_per_s[d];
    if (!(row.gb_per_s[d] > 0.0) || row.gb_per_s[d] > region.most[d] * (1.0 + 1e-9)) {
      return words + ": more bandwidth than its class has";
    }
  }
  if (spent > region.total * (1.0 + 1e-9)) return words + ": beyond the budget";
  TrainingJob job = space_.divisions.job;
  job.parallelism = p;
  const double step = MatrixStep(job, layout->groups).over(*layout, row.gb_per_s).ns;
  if (apart(step, row.step_ns))
    return fmt::format("{}: a step of {:.17g} ns, not {:.17g}", words, step, row.step_ns);
  if (region.goal.spends_all() && spent < region.total * (1.0 - 1e-9)) return words + ": some budget is left";
  FreeBandwidths at{};
  std::copy(row.gb_per_s.begin(), row.gb_per_s.end(), at.begin());
  const double value = region.value(row.step_ns, at);
  return apart(value, row.value) ? fmt::format("{}: worth {:.17g}, not {:.17g}", words, value, row.value)
                                 : "";
}

// Whether the loops come by.
bool HardwareChecker::in_space(const Parallelism& p) const {
  bool found = false;
  const ClosedSubtree subtree{.npus = space_.divisions.npus.front(),
                              .sizes = {p.tensor, p.context, p.pipeline, p.expert}};
  for_each_in_loops(space_.divisions, subtree, flat_,
                    [&](const Parallelism& each) { found = found || same_division(each, p); });
  return found;
}

std::string HardwareChecker::check_rows() const {
  double before = 0.0;
  if (found_.best.size() > search_.best) return "more divisions are listed than were wanted";
  for (const RankedHardware& row : found_.best) {
    if (row.value <= before) return pair_words(row.parallelism, row.shape) + ": out of order";
    before = row.value;
    const double longest = search_.longest_step_ns * (1.0 + 1e-11);
    if (longest > 0.0 && row.step_ns > longest) return "a row takes too long";
    if (std::string fault = check_row(row, row.parallelism); !fault.empty()) return fault;
    for (const Parallelism& tie : row.ties) {
      const bool fits = memory_bill(space_.divisions.job.model, tie).total() <= capacity_;
      if (!in_space(tie) || !fits) {
        return pair_words(tie, row.shape) + ": no division of the space, or it does not fit";
      }
    }
  }
  return "";
}

std::string HardwareChecker::check(const ClosedSizes& line) const {
  ClosedSizes own{.sizes = line.sizes};
  std::string fault;
  std::size_t next = 0;  // pair
  TrainingJob job = space_.divisions.job;
  std::vector<Group> groups;
  const ClosedSubtree subtree{.npus = space_.divisions.npus.front(), .sizes = line.sizes};
  for_each_in_loops(space_.divisions, subtree, flat_, [&](const Parallelism& p) {
    if (!fault.empty()) return;
    ++own.valid;
    if (memory_bill(job.model, p).total() > capacity_) {
      ++own.do_not_fit;
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
      ++own.above_bound;
      if (std::isfinite(whatever.value))
        own.least_bound = std::min(own.least_bound.value_or(whatever.value), whatever.value);
      return;
    }
    fault = check_division(job, whatever.path, limit, line, own, next);
  });
  if (!fault.empty()) return fault;
  const std::string words = sizes_words(line.sizes);
  if (next != line.pairs.size()) return words + ": a pair that is not open";
  if (own.valid != line.valid || own.do_not_fit != line.do_not_fit || own.above_bound != line.above_bound ||
      own.by_path != line.by_path) {
    return fmt::format("{}: {} valid, {} do not fit, {} above their bound, {} by their path, by the space",
                       words, own.valid, own.do_not_fit, own.above_bound, own.by_path);
  }
  const bool other = own.least_bound.has_value() != line.least_bound.has_value() ||
                     (own.least_bound && apart(*own.least_bound, *line.least_bound));
  return other ? words + ": another least bound" : "";
}

const ClosedPair* HardwareChecker::line_of(const ClosedSizes& line, std::size_t next, const Parallelism& p,
                                           const ShapeFamily& shapes) {
  if (next >= line.pairs.size()) return nullptr;
  const ClosedPair& pair = line.pairs[next];
  const bool same = pair.virtual_stages == p.virtual_stages && pair.micro_batch == p.micro_batch &&
                    pair.zero == p.zero && pair.recompute == p.recompute &&
                    pair.sequence_parallel == p.sequence_parallel &&
                    pair.groups == fmt::format("{}", fmt::join(p.placement, ",")) &&
                    pair.npus == shapes.npus && pair.kinds == kind_letters(shapes);
  return same ? &pair : nullptr;
}

std::string HardwareChecker::check_division(TrainingJob job, const AxisPath& path, double limit,
                                            const ClosedSizes& line, ClosedSizes& own,
                                            std::size_t& next) const {
  std::vector<std::vector<std::string>> orders = {job.parallelism.placement};
  if (space_.any_placement) orders = placements(job.parallelism);
  for (const std::vector<std::string>& order : orders) {
    job.parallelism.placement = order;
    for (const ShapeFamily& family : space_.families) {
      const std::optional<FreeLayout> layout = try_layout(space_.hardware, family, job.parallelism);
      if (!layout) continue;
      const FreeRegion region = region_of(space_, family);
      FreeBandwidths from = evenly(region);
      if (path_above(path, axis_shares(space_.hardware, family, layout->groups), region, limit, from)) {
        ++own.by_path;
        continue;
      }
      if (std::string fault = check_networks(job, family, *layout, limit, line, next); !fault.empty())
        return fault;
    }
  }
  return "";
}

// A line for all of them, or else for those of each kind of a dimension.
std::string HardwareChecker::check_networks(const TrainingJob& job, const ShapeFamily& shapes,
                                            const FreeLayout& layout, double limit, const ClosedSizes& line,
                                            std::size_t& next) const {
  if (const ClosedPair* pair = line_of(line, next, job.parallelism, shapes)) {
    ++next;
    return check_pair(job, shapes, layout, limit, *pair);
  }
  const std::optional<std::size_t> dimension = open_dimension(shapes);
  if (!dimension) return pair_words(job.parallelism, shapes) + ": no line says why it is closed";
  ShapeFamily some = shapes;
  FreeLayout own = layout;
  for (std::size_t k = 0; k < dimension_kinds().size(); ++k) {
    if ((shapes.kinds[*dimension] >> k & 1U) == 0) continue;
    some.kinds[*dimension] = own.network[*dimension].kinds = static_cast<std::uint8_t>(1U << k);
    if (std::string fault = check_networks(job, some, own, limit, line, next); !fault.empty()) return fault;
  }
  return "";
}

std::string HardwareChecker::check_pair(const TrainingJob& job, const ShapeFamily& shapes,
                                        const FreeLayout& layout, double limit,
                                        const ClosedPair& pair) const {
  const MatrixStep step(job, layout.groups);
  double weights = 0.0;
  double constant = 0.0;
  FreeBandwidths bytes{};
  for (const ClosedPair::Cut& cut : pair.cuts) {
    const bool given =
        cut.gb_per_s.size() == shapes.npus.size() && cut.weight > 0.0 &&
        std::all_of(cut.gb_per_s.begin(), cut.gb_per_s.end(), [](double b) { return b > 0.0; });
    if (!given) return pair_words(job.parallelism, shapes) + ": no cut";
    const PathTime time = step.over(layout, cut.gb_per_s);
    weights += cut.weight;
    constant += cut.weight * time.constant_ns(cut.gb_per_s);
    for (std::size_t d = 0; d < bytes.size(); ++d) bytes[d] += cut.weight * time.bytes[d];
  }
  if (std::abs(weights - 1.0) > 1e-12)
    return pair_words(job.parallelism, shapes) + ": weights that are not 1";
  const double bound = least_value(region_of(space_, shapes), constant, bytes).value;
  if (apart(bound, pair.bound)) {
    return fmt::format("{}: a bound of {:.17g}, not {:.17g}", pair_words(job.parallelism, shapes), bound,
                       pair.bound);
  }
  return !above(bound, limit) ? pair_words(job.parallelism, shapes) + ": not above what is listed" : "";
}

}  // namespace

std::string fault_of_hardware(const HardwareSpace& space, const HardwareSearch& search,
                              const RankedHardwares& found, const std::vector<ClosedSizes>& proof) {
  return HardwareChecker(space, search, found).run(proof);
}

}  // namespace bandwright
