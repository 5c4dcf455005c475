#include "simulator/program_form.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "collective/collective.h"

namespace bandwright {
namespace {

using Times = std::array<double, mark_count>;

double latest(const Times& times, MarkSet set) {
  double time = 0.0;
  for (unsigned rest = set; rest != 0; rest &= rest - 1) {
    time = std::max(time, times[static_cast<std::size_t>(std::countr_zero(rest))]);
  }
  return time;
}

// The common advance of all marks that moved, or a negative number when they moved by different times.
double uniform_advance(const Times& before, const Times& after) {
  double advance = 0.0;
  for (std::size_t mark = 0; mark < mark_count; ++mark) {
    const double moved = after[mark] - before[mark];
    if (moved == 0.0) continue;
    if (advance == 0.0) {
      advance = moved;
    } else if (std::abs(moved - advance) > 1e-9 * advance) {
      return -1.0;
    }
  }
  return advance;
}

// Whether rounds have begun to repeat: the second uniform advance in a row.
class Repetition {
 public:
  bool seen(const Times& before, const Times& after) {
    const double advance = uniform_advance(before, after);
    const bool repeats = advance >= 0.0 && std::abs(advance - last_) <= 1e-9 * advance;
    last_ = advance;
    return repeats;
  }
  [[nodiscard]] double advance() const { return last_; }

 private:
  double last_ = -2.0;
};

// Plays steps on times alone.
template <class Step>
void play(std::span<const Step> steps, std::span<const double> ns, Times& times) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (step.times == 0) {
      const double end = latest(times, step.waits) + ns[i];
      for (unsigned rest = step.sets; rest != 0; rest &= rest - 1) {
        times[static_cast<std::size_t>(std::countr_zero(rest))] = end;
      }
      continue;
    }
    Repetition repetition;
    for (std::uint32_t round = 1; round <= step.times; ++round) {
      const Times before = times;
      play(steps.subspan(i + 1, step.length), ns.subspan(i + 1, step.length), times);
      if (!repetition.seen(before, times)) continue;
      for (std::size_t mark = 0; mark < mark_count; ++mark) {
        if (times[mark] != before[mark]) times[mark] += repetition.advance() * (step.times - round);
      }
      break;
    }
    i += step.length;
  }
}

// For each mark, the path that made its time: the mark it starts from and how often it takes each step.
struct Paths {
  Times times{};
  std::array<std::size_t, mark_count> origin{};
  std::array<std::vector<double>, mark_count> counts;

  Paths(const Times& start, std::size_t steps) : times(start) {
    for (std::size_t mark = 0; mark < mark_count; ++mark) {
      origin[mark] = mark;
      counts[mark].assign(steps, 0.0);
    }
  }
};

void add(std::vector<double>& to, const std::vector<double>& from, double times = 1.0) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += times * from[i];
}

// Paths through `first` and then `second`.
void append(Paths& first, const Paths& second) {
  Paths joined = second;
  for (std::size_t mark = 0; mark < mark_count; ++mark) {
    const std::size_t from = second.origin[mark];
    add(joined.counts[mark], first.counts[from]);
    joined.origin[mark] = first.origin[from];
  }
  first = std::move(joined);
}

// `round` again and again: every mark follows its predecessor once per round.
void append_rounds(Paths& paths, const Paths& round, std::uint32_t rounds, double advance) {
  Paths joined = round;
  for (std::size_t mark = 0; mark < mark_count; ++mark) {
    std::array<double, mark_count> taken{};
    std::size_t at = mark;
    for (std::uint32_t n = 0; n < rounds; ++n) {
      taken[at] += 1.0;
      at = round.origin[at];
    }
    std::fill(joined.counts[mark].begin(), joined.counts[mark].end(), 0.0);
    for (std::size_t via = 0; via < mark_count; ++via) {
      if (taken[via] > 0.0) add(joined.counts[mark], round.counts[via], taken[via]);
    }
    add(joined.counts[mark], paths.counts[at]);
    joined.origin[mark] = paths.origin[at];
    const bool moves =
        round.origin[mark] != mark || std::any_of(round.counts[mark].begin(), round.counts[mark].end(),
                                                  [](double count) { return count > 0.0; });
    joined.times[mark] = paths.times[mark] + (moves ? advance * rounds : 0.0);
  }
  paths = std::move(joined);
}

// Plays steps[begin, end) and remembers the paths.
template <class Step>
void trace(const std::vector<Step>& steps, std::size_t begin, std::size_t end, std::span<const double> ns,
           Paths& paths) {
  for (std::size_t i = begin; i < end; ++i) {
    const Step& step = steps[i];
    if (step.times == 0) {
      std::size_t last = mark_count;
      for (std::size_t mark = 0; mark < mark_count; ++mark) {
        if ((step.waits >> mark & 1U) == 0) continue;
        if (last == mark_count || paths.times[mark] > paths.times[last]) last = mark;
      }
      std::vector<double> counts = paths.counts[last];
      counts[i] += 1.0;
      const double time = paths.times[last] + ns[i];
      const std::size_t origin = paths.origin[last];
      for (std::size_t mark = 0; mark < mark_count; ++mark) {
        if ((step.sets >> mark & 1U) == 0) continue;
        paths.times[mark] = time;
        paths.origin[mark] = origin;
        paths.counts[mark] = counts;
      }
      continue;
    }
    Repetition repetition;
    for (std::uint32_t round = 1; round <= step.times; ++round) {
      Paths once(paths.times, steps.size());
      trace(steps, i + 1, i + 1 + step.length, ns, once);
      const bool repeats = repetition.seen(paths.times, once.times);
      append(paths, once);
      if (!repeats) continue;
      append_rounds(paths, once, step.times - round, repetition.advance());
      break;
    }
    i += step.length;
  }
}

}  // namespace

ProgramForm::ProgramForm(const StepProgram& program, int dimensions) : dimensions_(dimensions) {
  for (const Instruction& instruction : program.instructions) {
    const bool communicates =
        instruction.times == 0 && instruction.operation.kind == OperationKind::Collective;
    steps_.push_back({.times = instruction.times,
                      .length = instruction.length,
                      .waits = instruction.waits,
                      .sets = instruction.sets,
                      .collective = communicates ? instruction.operation.collective : none,
                      .fixed_ns = to_ns(instruction.operation.duration),
                      .computes = instruction.operation.kind == OperationKind::Compute &&
                                  instruction.operation.role != Role::Bubble});
  }
  for (const GroupCollective& call : program.collectives) {
    const auto first = static_cast<std::uint32_t>(loads_.size());
    for (Traffic load : hierarchical_traffic(call.collective, program.groups[call.group])) {
      if (!program.wire_efficiency.empty()) {
        load.bytes /= program.wire_efficiency[static_cast<std::size_t>(load.dimension)];
      }
      loads_.push_back(load);
    }
    collectives_.push_back({first, static_cast<std::uint32_t>(loads_.size()) - first, call.group});
  }
  efficiency_ = program.wire_efficiency;
  efficiency_.resize(static_cast<std::size_t>(dimensions), 1.0);
  for (const Group& group : program.groups) group_names_.push_back(group.name);
}

std::vector<double> ProgramForm::wire_ns(std::span<const double> gb_per_s) const {
  std::vector<double> wire(collectives_.size(), 0.0);
  for (std::size_t c = 0; c < collectives_.size(); ++c) {
    for (const Traffic& load : std::span(loads_).subspan(collectives_[c].first, collectives_[c].count)) {
      wire[c] = std::max(wire[c], load.bytes / gb_per_s[static_cast<std::size_t>(load.dimension)]);
    }
  }
  return wire;
}

std::vector<double> ProgramForm::durations_ns(std::span<const double> gb_per_s) const {
  const std::vector<double> wire = wire_ns(gb_per_s);
  std::vector<double> ns(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    ns[i] = steps_[i].fixed_ns + (steps_[i].collective == none ? 0.0 : wire[steps_[i].collective]);
  }
  return ns;
}

double ProgramForm::step_time_ns(std::span<const double> gb_per_s) const {
  const std::vector<double> ns = durations_ns(gb_per_s);
  Times times{};
  play(std::span(steps_), std::span<const double>(ns), times);
  return *std::max_element(times.begin(), times.end());
}

std::vector<ProgramForm::Share> ProgramForm::critical_path(std::span<const double> gb_per_s) const {
  const std::vector<double> ns = durations_ns(gb_per_s);
  Paths paths(Times{}, steps_.size());
  trace(steps_, 0, steps_.size(), ns, paths);
  const auto last = std::max_element(paths.times.begin(), paths.times.end()) - paths.times.begin();
  std::vector<Share> shares(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    shares[i] = {paths.counts[static_cast<std::size_t>(last)][i], ns[i]};
  }
  return shares;
}

Cut ProgramForm::cut(std::span<const double> gb_per_s) const {
  const std::vector<Share> path = critical_path(gb_per_s);
  std::vector<double> calls(collectives_.size(), 0.0);
  Cut cut;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    cut.constant_ns += path[i].times * steps_[i].fixed_ns;
    if (steps_[i].collective != none) calls[steps_[i].collective] += path[i].times;
  }
  std::vector<double> bytes(static_cast<std::size_t>(dimensions_), 0.0);
  for (std::size_t c = 0; c < calls.size(); ++c) {
    const auto loads = std::span(loads_).subspan(collectives_[c].first, collectives_[c].count);
    const auto ns = [&](const Traffic& load) {
      return load.bytes / gb_per_s[static_cast<std::size_t>(load.dimension)];
    };
    const auto binding = std::max_element(loads.begin(), loads.end(),
                                          [&](const auto& a, const auto& b) { return ns(a) < ns(b); });
    if (binding == loads.end()) continue;
    bytes[static_cast<std::size_t>(binding->dimension)] += calls[c] * binding->bytes;
  }
  for (int d = 0; d < dimensions_; ++d) {
    const double loaded = bytes[static_cast<std::size_t>(d)];
    if (loaded > 0.0) cut.loads.push_back({only_dimension(d), loaded});
  }
  return cut;
}

StepResult ProgramForm::evaluate(std::span<const double> gb_per_s) const {
  const std::vector<Share> path = critical_path(gb_per_s);
  const std::vector<double> counts = executions();
  StepResult result;
  result.dimensions.resize(static_cast<std::size_t>(dimensions_));
  std::vector<double> group_ns(group_names_.size(), 0.0);
  std::vector<double> dimension_ns(static_cast<std::size_t>(dimensions_), 0.0);
  double step_ns = 0.0;
  double compute_ns = 0.0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const double ns = path[i].times * path[i].ns;
    step_ns += ns;
    if (steps_[i].computes) compute_ns += ns;
    if (steps_[i].collective == none) continue;
    const CollectiveLoads& call = collectives_[steps_[i].collective];
    group_ns[call.group] += ns;
    double slowest_ns = 0.0;
    std::size_t slowest = 0;
    for (const Traffic& load : std::span(loads_).subspan(call.first, call.count)) {
      const auto d = static_cast<std::size_t>(load.dimension);
      result.dimensions[d].bytes += counts[i] * load.bytes * efficiency_[d];
      if (load.bytes / gb_per_s[d] <= slowest_ns) continue;
      slowest_ns = load.bytes / gb_per_s[d];
      slowest = d;
    }
    if (slowest_ns > 0.0) dimension_ns[slowest] += ns;
  }
  result.step_time = nanoseconds(step_ns);
  result.compute_time = nanoseconds(compute_ns);
  result.exposed_communication = result.step_time - result.compute_time;
  result.overhead = result.exposed_communication;
  for (std::size_t g = 0; g < group_ns.size(); ++g) {
    result.groups.push_back({group_names_[g], nanoseconds(group_ns[g])});
    result.overhead -= result.groups.back().exposed;
  }
  for (std::size_t d = 0; d < dimension_ns.size(); ++d) {
    DimensionUse& use = result.dimensions[d];
    use.exposed = nanoseconds(dimension_ns[d]);
    if (use.bytes > 0.0) use.utilization = use.bytes / gb_per_s[d] / step_ns;
  }
  return result;
}

std::vector<double> ProgramForm::executions() const {
  std::vector<double> counts(steps_.size(), 0.0);
  std::vector<std::pair<std::size_t, double>> open = {{steps_.size(), 1.0}};  // block end, executions
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    while (open.back().first <= i) open.pop_back();
    counts[i] = steps_[i].times == 0 ? open.back().second : 0.0;
    if (steps_[i].times > 0) {
      open.emplace_back(i + 1 + steps_[i].length, open.back().second * steps_[i].times);
    }
  }
  return counts;
}

}  // namespace bandwright
