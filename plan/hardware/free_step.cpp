#include "plan/hardware/free_step.h"

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <cmath>

#include "core/error.h"
#include "plan/hardware/unpriced_passes.h"
#include "plan/lone_pass.h"
#include "step/stream_builder.h"
#include "training/collective_time.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

// The pseudo-dimension of an axis where all dimensions are one: PathAxis of plan/hardware/path_bound.h.
int dimension_of(Axes axis) {
  switch (axis) {
    case Axes::Tensor:
      return 0;
    case Axes::Context:
      return 1;
    case Axes::Data:
      return 2;
    default:
      return 3;
  }
}

// Groups that are not among those: for nothing.
bool left_out(Axes axis) {
  return axis != Axes::Tensor && axis != Axes::Context && axis != Axes::Data && axis != Axes::Pipeline;
}

}  // namespace

// Operations in order, each after those it depends on.
struct FreeStep::Pass {
  static constexpr std::int32_t none = -1;
  struct Op {
    double ns = 0.0;
    std::int32_t call = none;  // into calls
    std::uint32_t first = 0;   // into after
    std::uint32_t count = 0;
    friend bool operator==(const Op&, const Op&) = default;
  };
  std::vector<Op> ops;
  std::vector<std::uint32_t> after;
  std::vector<Call> calls;
  friend bool operator==(const Pass&, const Pass&) = default;
};

struct FreeStep::Written {
  std::size_t number = 0;
  Passes passes;
  Pass send;

  [[nodiscard]] bool same(const Written& other) const {
    const auto kinds = [](const Passes::Kinds& a, const Passes::Kinds& b) {
      return a.dense == b.dense && a.sparse == b.sparse;
    };
    const auto phases = [&](const Passes::Phases& a, const Passes::Phases& b) {
      return kinds(a.own, b.own) && kinds(a.bubble, b.bubble);
    };
    const Passes& a = passes;
    const Passes& b = other.passes;
    return phases(a.forward, b.forward) && phases(a.backward, b.backward) &&
           a.embedding_forward == b.embedding_forward && a.embedding_backward == b.embedding_backward &&
           a.output_forward == b.output_forward && a.output_backward == b.output_backward &&
           a.outlast_output_from == b.outlast_output_from && send == other.send;
  }
};

struct FreeStep::Calls {
  FreeStep& of;
  [[nodiscard]] bool alone(Axes axis) const {
    return (*of.groups_)[static_cast<std::size_t>(axis)].dimensions.empty();
  }
  [[nodiscard]] const PathTime& collective(Axes axis, CollectiveKind kind, std::int64_t bytes) const {
    return of.priced({axis, kind, bytes});
  }
  [[nodiscard]] PathTime processors(Axes axis, CollectiveKind kind, std::int64_t bytes) const {
    return of.copying_ > 0.0 ? of.priced({axis, kind, bytes}).times(of.copying_) : PathTime{};
  }
};

std::size_t FreeStep::Hash::operator()(const Key& key) const {
  std::size_t hash = 0;
  for (const std::int64_t each : {key.tensor, key.context, key.expert, key.micro_batch, key.inside}) {
    boost::hash_combine(hash, each);
  }
  boost::hash_combine(hash, 8 * static_cast<int>(key.recompute) + (key.sums_gradients ? 4 : 0) +
                                (key.sequence_parallel ? 2 : 0) + (key.piped ? 1 : 0));
  return hash;
}

FreeStep::FreeStep(const TrainingJob& job) : job_(job) {
  const Parallelism& p = job.parallelism;
  if (p.overlap_tensor || p.overlap_expert) {
    throw InputError("--overlap: tensor and expert are not searched on hardware that is still to be bought");
  }
}
FreeStep::~FreeStep() = default;

const FreeStep::Written& FreeStep::written(const Parallelism& p, const std::vector<Group>& groups) {
  std::int64_t inside = 1;  // of an expert group in one node: routes depend on it
  if (p.expert > 1) {
    for (const GroupDimension& part : groups[static_cast<std::size_t>(Axes::Expert)].dimensions) {
      if (part.dimension == 0) inside *= part.npus;
    }
  }
  const Written*& known = by_key_[{p.tensor, p.context, p.expert, p.micro_batch, inside, p.recompute,
                                   p.sequence_parallel, p.pipeline > 1, p.zero < 2}];
  if (known != nullptr) return *known;
  job_.parallelism = p;
  std::unique_ptr<Written> fresh = write(groups);
  const auto same =
      std::find_if(all_.begin(), all_.end(), [&](const auto& other) { return other->same(*fresh); });
  if (same != all_.end()) {
    known = same->get();
  } else {
    fresh->number = all_.size();
    known = fresh.get();
    all_.push_back(std::move(fresh));
  }
  return *known;
}

std::unique_ptr<FreeStep::Written> FreeStep::write(const std::vector<Group>& groups) const {
  static const Network nowhere;
  StreamBuilder unused("", groups, {});
  const LayerPasses passes(job_, nowhere, unused);
  const auto pass = [&](auto write_pass) {
    StreamBuilder builder("", groups, {});
    UnpricedPasses own(passes, builder);
    write_pass(own);
    const Step step = std::move(builder).finish();
    if (!step.blocks.empty() || !ends_together(step)) {
      throw InputError("passes that overlap are not searched on hardware that is still to be bought");
    }
    Pass result;
    for (const Operation& operation : step.operations) {
      const auto dependencies = step.dependencies_of(operation);
      Pass::Op op{.ns = to_ns(operation.duration),
                  .first = static_cast<std::uint32_t>(result.after.size()),
                  .count = static_cast<std::uint32_t>(dependencies.size())};
      result.after.insert(result.after.end(), dependencies.begin(), dependencies.end());
      if (operation.kind == OperationKind::Collective) {
        const GroupCollective& call = step.collectives[operation.collective];
        const Call wanted{static_cast<Axes>(call.group), call.collective.kind, call.collective.bytes.value()};
        const auto known = std::find(result.calls.begin(), result.calls.end(), wanted);
        op.call = static_cast<std::int32_t>(known - result.calls.begin());
        if (known == result.calls.end()) result.calls.push_back(wanted);
      }
      result.ops.push_back(op);
    }
    return result;
  };
  auto written = std::make_unique<Written>();
  written->passes = time_layers<Pass>(job_, passes, pass);
  if (job_.parallelism.pipeline > 1) {
    written->send = pass([](LayerPasses& own) { own.send(Role::Bubble); });
  }
  return written;
}

std::size_t FreeStep::passes_of(const Parallelism& p, const std::vector<Group>& groups) {
  return written(p, groups).number;
}

void FreeStep::begin(const Parallelism& p, const std::vector<Group>& groups) {
  passes_ = &written(p, groups);
  job_.parallelism = p;
  groups_ = &groups;
  calls_.clear();
}

void FreeStep::take(const Parallelism& p, const FreeLayout& layout) {
  begin(p, layout.groups);
  layout_ = &layout;
  copying_ = layout.copying;
}

void FreeStep::take_together(const Parallelism& p, const std::vector<Group>& groups,
                             std::span<const FabricDimension> classes, double copying) {
  begin(p, groups);
  layout_ = nullptr;
  classes_ = classes;
  copying_ = copying;
}

const PathTime& FreeStep::priced(const Call& call) {
  for (const Priced& known : calls_) {
    if (known.call == call) return known.now;
  }
  const Group& group = (*groups_)[static_cast<std::size_t>(call.axis)];
  const Collective collective{call.kind, Bytes(call.bytes)};
  Priced fresh{.call = call};
  if (layout_ != nullptr) {
    fresh.curve = collective_curve(layout_->network, group, collective);
  } else if (!left_out(call.axis)) {
    fresh.curve = aggregate_curve(classes_, group.npus(), collective);
    fresh.curve.parts[0].dimension = dimension_of(call.axis);
  }
  fresh.now = fresh.curve.at(gb_per_s_);
  calls_.push_back(fresh);
  return calls_.back().now;
}

PathTime FreeStep::played(const Pass& pass) {
  if (pass.ops.empty()) return {};
  ends_.resize(std::max(ends_.size(), pass.ops.size()));
  std::size_t last = 0;
  for (std::size_t id = 0; id < pass.ops.size(); ++id) {
    const Pass::Op& op = pass.ops[id];
    PathTime& end = ends_[id];
    const PathTime* latest = nullptr;
    for (std::uint32_t i = op.first; i < op.first + op.count; ++i) {
      const PathTime& before = ends_[pass.after[i]];
      if (latest == nullptr || before.ns > latest->ns) latest = &before;
    }
    end = latest != nullptr ? *latest : PathTime{};
    end.ns += op.ns;
    if (op.call != Pass::none) end += priced(pass.calls[static_cast<std::size_t>(op.call)]);
    if (end.ns > ends_[last].ns) last = id;
  }
  return ends_[last];
}

PathTime FreeStep::at(std::span<const double> gb_per_s) {
  gb_per_s_ = gb_per_s;
  for (Priced& each : calls_) each.now = each.curve.at(gb_per_s);
  const Passes& passes = passes_->passes;
  LayerTimes<PathTime> layers;
  const auto kinds = [&](const Passes::Kinds& from, LayerTimes<PathTime>::Kinds& to) {
    to.dense = played(from.dense);
    to.sparse = played(from.sparse);
  };
  kinds(passes.forward.own, layers.forward.own);
  kinds(passes.forward.bubble, layers.forward.bubble);
  kinds(passes.backward.own, layers.backward.own);
  kinds(passes.backward.bubble, layers.backward.bubble);
  layers.embedding_forward = played(passes.embedding_forward);
  layers.embedding_backward = played(passes.embedding_backward);
  layers.output_forward = played(passes.output_forward);
  layers.output_backward = played(passes.output_backward);
  layers.outlast_output_from = passes.outlast_output_from;
  SendTimes<PathTime> send;
  send.all = played(passes_->send);
  if (!passes_->send.calls.empty()) send.waited = priced(passes_->send.calls.front()).times(send_waited_for);
  PathClock clock(*groups_);
  TimedPasses<PathTime, Calls> timed(job_.parallelism, {*this}, layers, send, clock);
  write_training_step(job_, clock, timed);
  return clock.end();
}

}  // namespace bandwright
