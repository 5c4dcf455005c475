#include "memory/programs/formulation.h"

#include <algorithm>
#include <cassert>

namespace bandwright {
namespace {

constexpr double infinity = MixedIntegerProgram::infinity;
using Term = MixedIntegerProgram::Term;

double megabytes(Bytes b) { return to_double(b) * 1e-6; }

// The kernels between two users beside which a copy may run.
std::vector<int> kernels_between(int user, int next_user, int window) {
  std::vector<int> result;
  for (int k = user + 1; k < next_user; ++k) {
    if (k - user <= window || next_user - k <= window) result.push_back(k);
  }
  return result;
}

double slowest_ms(const Kernel& kernel) {
  double ns = kernel.measured.empty() ? kernel.fast_ns : 0.0;
  for (const double slow_ns : kernel.slow_ns) ns += slow_ns;
  for (const Configuration& configuration : kernel.measured) ns = std::max(ns, configuration.ns);
  return ns * 1e-6;
}

}  // namespace

Formulation::Formulation(const TrainingGraph& graph, const TierPair& tiers, std::span<const Bytes> limits,
                         const Options& options)
    : graph_(graph), tiers_(tiers), paths_(graph.tensors.size()), kernels_(graph.kernels.size()) {
  assert(limits.size() == graph.kernels.size());
  for (std::size_t k = 0; k < graph.kernels.size(); ++k) {
    kernels_[k].fast.resize(graph.kernels[k].arguments.size(), none);
  }
  const Users uses = users(graph);
  for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
    const int tensor = static_cast<int>(t);
    add_stops(tensor, uses[t], options);
    add_path(tensor, options.freedom);
    link_stops(tensor, options.freedom);
  }
  for (const TrainingGraph::Kept& kept : graph.kept) {
    const int born = paths_[kept.first].stops.front().here;
    const int left = paths_[kept.last].stops.back().here;
    program_.add_row(0.0, 0.0, {{born, 1.0}, {left, -1.0}});
  }
  for (std::size_t k = 0; k < graph.kernels.size(); ++k) add_kernel(static_cast<int>(k));
  add_capacity(limits);
}

double Formulation::copy_ms(int tensor, Bandwidth bandwidth) const {
  return to_double(graph_.tensors[tensor].bytes) / bandwidth.value() * 1e-6;
}

void Formulation::add_stops(int tensor, const std::vector<int>& uses, const Options& options) {
  std::vector<Stop>& stops = paths_[tensor].stops;
  for (std::size_t u = 0; u < uses.size(); ++u) {
    stops.push_back({.kernel = uses[u], .user = true});
    if (options.freedom != Freedom::Asynchronous || u + 1 == uses.size()) continue;
    for (const int k : kernels_between(uses[u], uses[u + 1], options.window)) {
      if (pays(tensor, k, &CopyBandwidth::to_fast) || pays(tensor, k, &CopyBandwidth::to_slow)) {
        stops.push_back({.kernel = k});
      }
    }
  }
}

// A copy of c ms beside a kernel adds at least c - T to the step; where a copy with the processor waiting
// costs no more, it is as good and holds fast memory for less long.
bool Formulation::pays(int tensor, int k, Bandwidth CopyBandwidth::*direction) const {
  const double beside = copy_ms(tensor, tiers_.overlapped.*direction);
  return beside - slowest_ms(graph_.kernels[k]) < copy_ms(tensor, tiers_.copies.*direction);
}

// The columns of a tensor and their costs.
void Formulation::add_path(int tensor, Freedom freedom) {
  Path& path = paths_[tensor];
  const double fetch_ms = copy_ms(tensor, tiers_.copies.to_fast);
  int only = none;
  int before = none;
  if (freedom == Freedom::Static) only = program_.add_binary(0.0);
  for (Stop& stop : path.stops) {
    if (stop.user) {
      stop.here = freedom == Freedom::Static ? only : program_.add_binary(0.0);
      const std::vector<int>& arguments = graph_.kernels[stop.kernel].arguments;
      const auto argument = std::find(arguments.begin(), arguments.end(), tensor) - arguments.begin();
      kernels_[stop.kernel].fast[argument] = stop.here;
      if (before != none) {
        program_.add_cost(stop.here, fetch_ms);
        program_.add_cost(before, -fetch_ms);
      }
    } else {
      std::vector<Term>& copies = kernels_[stop.kernel].copies;
      if (pays(tensor, stop.kernel, &CopyBandwidth::to_fast)) {
        stop.fetched = program_.add_binary(0.0);
        copies.emplace_back(stop.fetched, copy_ms(tensor, tiers_.overlapped.to_fast));
      }
      if (pays(tensor, stop.kernel, &CopyBandwidth::to_slow)) {
        stop.stored = program_.add_binary(0.0);
        stop.copied = program_.add({});
        copies.emplace_back(stop.stored, copy_ms(tensor, tiers_.overlapped.to_slow));
      }
    }
    if (&stop != &path.stops.back())
      stop.stays = freedom == Freedom::Static ? only : program_.add_binary(0.0);
    before = stop.stays;
  }
  if (freedom != Freedom::Static && path.stops.size() > 1) {
    path.written = program_.add({.cost = copy_ms(tensor, tiers_.copies.to_slow)});
  }
}

void Formulation::link_stops(int tensor, Freedom freedom) {
  if (freedom == Freedom::Static) return;
  const Path& path = paths_[tensor];
  int before = none;
  int copied = none;
  for (const Stop& stop : path.stops) {
    if (stop.user) {
      if (before != none) program_.add_row(0.0, infinity, {{stop.here, 1.0}, {before, -1.0}});
      if (stop.stays != none) program_.add_row(0.0, infinity, {{stop.here, 1.0}, {stop.stays, -1.0}});
    } else {
      std::vector<Term> during = {{before, 1.0}};
      if (stop.fetched != none) during.emplace_back(stop.fetched, 1.0);
      if (stop.fetched != none) program_.add_row(-infinity, 1.0, during);
      during.emplace_back(stop.stays, -1.0);
      program_.add_row(0.0, infinity, std::move(during));
    }
    if (stop.stored != none) {
      program_.add_row(0.0, infinity, {{before, 1.0}, {stop.stored, -1.0}});
      std::vector<Term> sum = {{stop.copied, -1.0}, {stop.stored, 1.0}};
      if (copied != none) sum.emplace_back(copied, 1.0);
      program_.add_row(0.0, infinity, std::move(sum));
      copied = stop.copied;
    }
    if (stop.stays != none) {
      std::vector<Term> left = {{stop.stays, 1.0}, {path.written, 1.0}, {path.stops.front().here, -1.0}};
      if (copied != none) left.emplace_back(copied, 1.0);
      program_.add_row(0.0, infinity, std::move(left));
    }
    before = stop.stays;
  }
}

// T = constant + time; either part of the objective, or below the kernel's duration.
void Formulation::add_kernel(int k) {
  const Kernel& kernel = graph_.kernels[k];
  KernelColumns& columns = kernels_[k];
  double constant = 0.0;
  std::vector<Term> time;
  if (kernel.measured.empty()) {
    constant = kernel.fast_ns * 1e-6;
    for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
      constant += kernel.slow_ns[a] * 1e-6;
      time.emplace_back(columns.fast[a], -kernel.slow_ns[a] * 1e-6);
    }
  } else {
    add_measured_kernel(k, time);
  }
  if (columns.copies.empty()) {
    program_.constant += constant;
    for (const auto& [column, ms] : time) program_.add_cost(column, ms);
    return;
  }
  columns.duration = program_.add({.cost = 1.0, .upper = infinity});
  for (auto& [column, ms] : time) ms = -ms;
  time.emplace_back(columns.duration, 1.0);
  program_.add_row(constant, infinity, std::move(time));
  std::vector<Term> copies = columns.copies;
  for (auto& [column, ms] : copies) ms = -ms;
  copies.emplace_back(columns.duration, 1.0);
  program_.add_row(0.0, infinity, std::move(copies));
}

void Formulation::add_measured_kernel(int k, std::vector<Term>& time) {
  const Kernel& kernel = graph_.kernels[k];
  KernelColumns& columns = kernels_[k];
  std::vector<Term> one;
  for (const Configuration& configuration : kernel.measured) {
    columns.configurations.push_back(program_.add({}));
    one.emplace_back(columns.configurations.back(), 1.0);
    time.emplace_back(columns.configurations.back(), configuration.ns * 1e-6);
  }
  program_.add_row(1.0, 1.0, std::move(one));
  for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
    std::vector<Term> fast = {{columns.fast[a], -1.0}};
    for (std::size_t q = 0; q < kernel.measured.size(); ++q) {
      if ((kernel.measured[q].slow >> a & 1U) == 0) fast.emplace_back(columns.configurations[q], 1.0);
    }
    program_.add_row(0.0, 0.0, std::move(fast));
  }
}

void Formulation::add_capacity(std::span<const Bytes> limits) {
  std::vector<std::vector<Term>> used(graph_.kernels.size());
  std::vector<double> live(graph_.kernels.size(), 0.0);
  for (std::size_t t = 0; t < paths_.size(); ++t) {
    const double size = megabytes(whole_pages(graph_.tensors[t].bytes));
    int before = none;
    int last = none;
    for (const Stop& stop : paths_[t].stops) {
      for (int k = last + 1; last != none && k < stop.kernel; ++k) used[k].emplace_back(before, size);
      for (int k = last == none ? stop.kernel : last + 1; k <= stop.kernel; ++k) live[k] += size;
      used[stop.kernel].emplace_back(stop.user ? stop.here : before, size);
      if (stop.fetched != none) used[stop.kernel].emplace_back(stop.fetched, size);
      before = stop.stays;
      last = stop.kernel;
    }
  }
  for (std::size_t k = 0; k < used.size(); ++k) {
    const Bytes limit = bytes(limits[k].value() / page.value() * page.value());
    if (live[k] > megabytes(limit)) program_.add_row(-infinity, megabytes(limit), std::move(used[k]));
  }
}

}  // namespace bandwright
