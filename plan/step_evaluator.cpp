#include "plan/step_evaluator.h"

#include <algorithm>
#include <array>
#include <boost/container_hash/hash.hpp>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "plan/timed_passes.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/wire_loads.h"
#include "training/collective_time.h"
#include "training/division/parallel_groups.h"
#include "training/layers/layer_passes.h"

namespace bandwright {
namespace {

constexpr std::array inside_layers = {Axes::Tensor, Axes::Context, Axes::Expert, Axes::ExpertInside,
                                      Axes::ExpertBetween};

std::size_t index_of(Axes axis) { return static_cast<std::size_t>(axis); }

}  // namespace

struct StepEvaluator::Sizes {
  std::vector<Group> groups;
  std::size_t layout = 0;
  struct Call {
    Axes axis;
    CollectiveKind kind;
    std::int64_t bytes;
    friend bool operator==(const Call&, const Call&) = default;
  };
  struct CallHash {
    std::size_t operator()(const Call& call) const {
      std::size_t hash = static_cast<std::size_t>(call.bytes) * 16 + static_cast<std::size_t>(call.kind);
      hash = hash * 16 + index_of(call.axis);
      return hash * 0x9E3779B97F4A7C15ULL >> 16;
    }
  };
  std::unordered_map<Call, double, CallHash> prices;
  std::unordered_map<Call, double, CallHash> processors;  // what those take that copy for a call beside
  std::unordered_map<std::int64_t, Send> sends;           // between stages, by micro-batch and schedule
};

struct StepEvaluator::Layers {
  LayerTimes<double> times;
  bool apart = true;  // each pass ends before the next begins
};

// Collectives between layers, priced once for all divisions with the same groups.
struct StepEvaluator::Calls {
  StepEvaluator& of;
  Sizes& sizes;
  [[nodiscard]] bool alone(Axes axis) const { return sizes.groups[index_of(axis)].dimensions.empty(); }
  [[nodiscard]] double collective(Axes axis, CollectiveKind kind, std::int64_t bytes) const {
    return of.collective_ns(sizes, axis, kind, bytes);
  }
  [[nodiscard]] double processors(Axes axis, CollectiveKind kind, std::int64_t bytes) const {
    return of.processors_ns(sizes, axis, kind, bytes);
  }
};

std::size_t StepEvaluator::Hash::operator()(const SizesKey& key) const {
  std::size_t hash = 0;
  for (const std::int64_t each : {key.tensor, key.context, key.pipeline, key.expert}) {
    boost::hash_combine(hash, each);
  }
  return hash;
}

std::size_t StepEvaluator::Hash::operator()(const LayersKey& key) const {
  std::size_t hash = key.layout;
  for (const std::int64_t each : {key.tensor, key.context, key.expert, key.micro_batch}) {
    boost::hash_combine(hash, each);
  }
  boost::hash_combine(hash, 8 * static_cast<int>(key.recompute) + (key.sums_gradients ? 4 : 0) +
                                (key.sequence_parallel ? 2 : 0) + (key.piped ? 1 : 0));
  return hash;
}

StepEvaluator::StepEvaluator(const TrainingJob& job, Network network)
    : StepEvaluator(job, network, job.machine.gb_per_s(network)) {}

StepEvaluator::StepEvaluator(const TrainingJob& job, Network network, std::vector<double> gb_per_s)
    : job_(job),
      network_(std::move(network)),
      gb_per_s_(std::move(gb_per_s)),
      efficiency_(wire_efficiency(job_.machine, network_)) {}

StepEvaluator::~StepEvaluator() = default;

double StepEvaluator::step_ns(const Parallelism& p) {
  try {
    job_.parallelism = p;
    Sizes& sizes = sizes_of(p);
    const Layers& layers = layers_of(p, sizes);
    const Send send = p.pipeline > 1 ? send_of(p, sizes) : Send{};
    if (!layers.apart || !send.apart) return built_step_ns(p);
    StreamClock clock(sizes.groups);
    const SendTimes<double> sends{send.ns, send.waited_ns};
    TimedPasses<double, Calls> passes(job_.parallelism, {*this, sizes}, layers.times, sends, clock);
    write_training_step(job_, clock, passes);
    return clock.foreign() ? built_step_ns(p) : clock.end_ns();
  } catch (const InputError&) {
    return std::numeric_limits<double>::infinity();
  }
}

double StepEvaluator::timed(Step step) const {
  step.wire_efficiency = efficiency_;
  return ClosedForm(step, network_).step_time_ns(gb_per_s_);
}

double StepEvaluator::built_step_ns(const Parallelism& p) {
  ++built_;
  job_.parallelism = p;
  return timed(training_step(job_, network_));
}

StepEvaluator::Sizes& StepEvaluator::sizes_of(const Parallelism& p) {
  std::unique_ptr<Sizes>& known = sizes_[{p.tensor, p.context, p.pipeline, p.expert}];
  if (known) return *known;
  known = std::make_unique<Sizes>();
  known->groups = parallel_groups(network_, p);
  std::vector<Group> inside;
  for (const Axes axis : inside_layers) {
    if (index_of(axis) < known->groups.size()) inside.push_back(known->groups[index_of(axis)]);
  }
  const auto same = [&](const std::vector<Group>& other) {
    return std::equal(inside.begin(), inside.end(), other.begin(), other.end(),
                      [](const Group& a, const Group& b) { return a.dimensions == b.dimensions; });
  };
  auto layout = std::find_if(layouts_.begin(), layouts_.end(), same);
  if (layout == layouts_.end()) layout = layouts_.insert(layout, std::move(inside));
  known->layout = static_cast<std::size_t>(layout - layouts_.begin());
  return *known;
}

StepEvaluator::Layers& StepEvaluator::layers_of(const Parallelism& p, const Sizes& sizes) {
  std::unique_ptr<Layers>& known = layers_[{sizes.layout, p.tensor, p.context, p.expert, p.micro_batch,
                                            p.recompute, p.sequence_parallel, p.pipeline > 1, p.zero < 2}];
  if (!known) known = std::make_unique<Layers>(timed_layers(sizes));
  return *known;
}

template <class Write>
LonePass StepEvaluator::timed_alone(const Sizes& sizes, const LayerPasses& passes, Write write) const {
  StreamBuilder builder("", sizes.groups, {});
  LayerPasses own(passes, builder);
  write(own);
  return bandwright::timed_alone(std::move(builder).finish(), network_, gb_per_s_, efficiency_);
}

StepEvaluator::Send StepEvaluator::send_of(const Parallelism& p, Sizes& sizes) {
  const std::int64_t key = 2 * p.micro_batch + (p.virtual_stages > 1 ? 1 : 0);
  const auto [known, fresh] = sizes.sends.try_emplace(key);
  if (!fresh) return known->second;
  StreamBuilder builder("", sizes.groups, {});
  LayerPasses passes(job_, network_, builder);
  passes.send(Role::Bubble);
  const double bytes =
      2.0 * reduced_elements(job_.model, tokens_per_pass(job_.model, p)) / static_cast<double>(p.tensor);
  const double alone = passes.call_ns(Axes::Pipeline, CollectiveKind::PointToPoint, bytes);
  const LonePass lone =
      bandwright::timed_alone(std::move(builder).finish(), network_, gb_per_s_, efficiency_);
  known->second = {lone.ns, to_ns(nanoseconds(send_waited_for * alone)), lone.apart};
  return known->second;
}

StepEvaluator::Layers StepEvaluator::timed_layers(const Sizes& sizes) const {
  Layers layers;
  StreamBuilder builder("", sizes.groups, {});
  const LayerPasses priced(job_, network_, builder);
  const auto time = [&](auto write) {
    const LonePass lone = timed_alone(sizes, priced, write);
    layers.apart = layers.apart && lone.apart;
    return lone.ns;
  };
  layers.times = time_layers<double>(job_, priced, time);
  // Beside another micro-batch's passes what goes to experts has a stream of its own.
  const Parallelism& p = job_.parallelism;
  if (p.expert > 1 && p.overlap_expert) layers.apart = false;
  return layers;
}

double StepEvaluator::processors_ns(Sizes& sizes, Axes axis, CollectiveKind kind, std::int64_t bytes) {
  const auto [known, fresh] = sizes.processors.try_emplace({axis, kind, bytes}, 0.0);
  if (!fresh) return known->second;
  const double share = copying_share(job_.machine);
  if (share <= 0.0) return 0.0;
  const Group& group = sizes.groups[index_of(axis)];
  const double alone = bandwright::collective_ns(job_.machine, network_, group, {kind, Bytes(bytes)});
  known->second = to_ns(nanoseconds(share * alone));
  return known->second;
}

double StepEvaluator::collective_ns(Sizes& sizes, Axes axis, CollectiveKind kind, std::int64_t bytes) {
  const auto [known, fresh] = sizes.prices.try_emplace({axis, kind, bytes}, 0.0);
  if (!fresh) return known->second;
  const Collective wanted{kind, Bytes(bytes)};
  const CollectivePrice price =
      collective_price(job_.machine, network_, sizes.groups[index_of(axis)], wanted);
  const GroupCollective played{at_full_speed(wanted, price), static_cast<std::uint32_t>(axis)};
  const WireLoads loads(std::span(&played, 1), sizes.groups, network_, Library{}, efficiency_);
  known->second = to_ns(nanoseconds(price.latency_ns)) + loads.price(gb_per_s_)[0].ns;
  return known->second;
}

}  // namespace bandwright
