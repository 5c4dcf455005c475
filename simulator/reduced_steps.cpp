#include "simulator/reduced_steps.h"

#include "simulator/mark_waits.h"

namespace bandwright {
namespace {

constexpr MarkSet compute = marks(Mark::Compute);

bool on_compute_alone(const MarkStep& step) {
  return step.times == 0 && step.waits == compute && step.sets == compute;
}

// The marks that can be later than the compute mark, and that one.
MarkSet leading_marks(std::span<const MarkStep> steps) {
  MarkSet leading = compute;
  for (const MarkStep& step : steps) {
    if ((step.sets & compute) == 0) leading |= step.sets;
    if ((step.waits & compute) == 0) leading |= step.waits;
  }
  return leading;
}

// The marks of a block's operations at its head, where all wait for compute.
void sum_up(MarkStep& head, std::span<const MarkStep> block) {
  for (const MarkStep& step : block) {
    if ((step.waits & compute) == 0) {
      head.waits = head.sets = 0;
      return;
    }
    head.waits |= step.waits;
    head.sets |= step.sets;
  }
}

}  // namespace

ReducedSteps::ReducedSteps(std::span<const MarkStep> steps) : places_(steps.size()) {
  steps_.reserve(steps.size());
  reduce(steps, 0, steps.size(), leading_marks(steps));
}

void ReducedSteps::reduce(std::span<const MarkStep> steps, std::size_t begin, std::size_t end,
                          MarkSet leading) {
  std::uint32_t last = none;  // the operation before, where the next can become a part of it
  for (std::size_t i = begin; i < end; ++i) {
    MarkStep step = steps[i];
    const auto next = static_cast<std::uint32_t>(steps_.size());
    if (step.times == 0) {
      step.waits &= leading;
      step.sets &= leading;
      const bool joins = on_compute_alone(step) && last != none;
      if (!joins) {
        steps_.push_back(step);
        last = on_compute_alone(step) ? next : none;
      }
      places_[i].step = joins ? last : next;
      continue;
    }
    steps_.push_back(step);
    reduce(steps, i + 1, i + 1 + step.length, leading);
    if (steps_.size() == next + 2 && on_compute_alone(steps_.back())) {
      steps_.pop_back();
      steps_.pop_back();
      if (last == none) {
        last = next;
        steps_.push_back({0, 0, compute, compute});
      }
      for (std::size_t k = i + 1; k <= i + step.length; ++k) {
        if (places_[k].step != none) places_[k] = {last, places_[k].times * step.times};
      }
    } else {
      steps_[next].length = static_cast<std::uint32_t>(steps_.size()) - next - 1;
      sum_up(steps_[next], std::span(steps_).subspan(next + 1));
      last = none;
    }
    i += step.length;
  }
}

std::vector<double> ReducedSteps::reduced(std::span<const double> ns) const {
  std::vector<double> sums(steps_.size(), 0.0);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].step != none) sums[places_[i].step] += places_[i].times * ns[i];
  }
  return sums;
}

double ReducedSteps::play(std::span<const double> ns) const { return play_marks(steps_, reduced(ns)); }

std::vector<double> ReducedSteps::critical_counts(std::span<const double> ns) const {
  const std::vector<double> counts = bandwright::critical_counts(steps_, reduced(ns));
  std::vector<double> given(places_.size(), 0.0);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].step != none) given[i] = places_[i].times * counts[places_[i].step];
  }
  return given;
}

// Operations that became one are exposed alike.
std::vector<double> ReducedSteps::exposed_ns(std::span<const double> ns) const {
  const std::vector<double> durations = reduced(ns);
  const std::vector<double> exposed = bandwright::exposed_ns(steps_, durations);
  std::vector<double> given(places_.size(), 0.0);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    if (place.step == none || durations[place.step] == 0.0) continue;
    given[i] = exposed[place.step] * (place.times * ns[i] / durations[place.step]);
  }
  return given;
}

}  // namespace bandwright
