#include "plan/max_plus_step.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "simulator/closed_form/closed_form.h"
#include "step/cursor.h"
#include "training/collective_time.h"
#include "training/division/parallel_groups.h"
#include "training/layers/layer_passes.h"

namespace bandwright {
namespace {

constexpr double never = -std::numeric_limits<double>::infinity();
constexpr std::array matrix_streams = {Stream::Compute, Stream::Data, Stream::Prefetch, Stream::Pipeline};
constexpr std::size_t matrix_size = matrix_streams.size();

// Rows are streams after, columns before: the time from the one to the other.
struct Matrix {
  std::array<std::array<double, matrix_size>, matrix_size> at;

  static Matrix identity() {
    Matrix m{};
    for (std::size_t i = 0; i < matrix_size; ++i) {
      m.at[i].fill(never);
      m.at[i][i] = 0.0;
    }
    return m;
  }
  // This after `before`.
  [[nodiscard]] Matrix after(const Matrix& before) const {
    Matrix product{};
    for (std::size_t i = 0; i < matrix_size; ++i) {
      product.at[i].fill(never);
      for (std::size_t k = 0; k < matrix_size; ++k) {
        for (std::size_t j = 0; j < matrix_size; ++j) {
          product.at[i][j] = std::max(product.at[i][j], at[i][k] + before.at[k][j]);
        }
      }
    }
    return product;
  }
  [[nodiscard]] Matrix power(std::int64_t exponent) const {
    Matrix result = identity();
    Matrix square = *this;
    for (; exponent > 0; exponent /= 2) {
      if (exponent % 2 != 0) result = square.after(result);
      square = square.after(square);
    }
    return result;
  }
};

class MatrixStreams final : public StepStreams {
 public:
  explicit MatrixStreams(const std::vector<Group>& groups) : groups_(groups) {}

  void compute(Label /*label*/, Time duration) override {
    collective(to_ns(duration), 0, streams(Stream::Compute));
  }
  void join(StreamSet waits) override { collective(0.0, waits, streams(Stream::Compute)); }
  void repeat(std::int64_t times, Rounds write) override {
    if (times <= 0) return;
    const Matrix before = std::exchange(all_, Matrix::identity());
    write();
    all_ = all_.power(times).after(before);
  }
  [[nodiscard]] const Group& group(std::uint32_t index) const override { return groups_[index]; }

  void collective(double ns, StreamSet waits, StreamSet occupies) {
    Matrix operation = Matrix::identity();
    for (std::size_t i = 0; i < matrix_size; ++i) {
      if (!contains(occupies, matrix_streams[i])) continue;
      for (std::size_t k = 0; k < matrix_size; ++k) {
        const bool counts = contains(static_cast<StreamSet>(waits | occupies), matrix_streams[k]);
        operation.at[i][k] = counts ? ns : never;
      }
    }
    all_ = operation.after(all_);
  }
  // From time 0 on all streams.
  [[nodiscard]] double end_ns() const {
    double end = 0.0;
    for (const auto& row : all_.at) end = std::max(end, *std::max_element(row.begin(), row.end()));
    return end;
  }

 private:
  const std::vector<Group>& groups_;
  Matrix all_ = Matrix::identity();
};

// Each pass as a step of its own, in closed form.
class LonePasses final : public StepPasses {
 public:
  LonePasses(const TrainingJob& job, const Network& network, const std::vector<Group>& groups,
             MatrixStreams& streams)
      : job_(job),
        network_(network),
        groups_(groups),
        streams_(streams),
        builder_("", groups, {}),
        priced_(job, network, builder_) {}

  void forward(bool sparse, Role role) override {
    take({0, sparse, role == Role::Bubble}, [&](LayerPasses& passes) { passes.forward(sparse, role); });
  }
  void backward(bool sparse, Role role) override {
    take({1, sparse, role == Role::Bubble}, [&](LayerPasses& passes) { passes.backward(sparse, role); });
  }
  void embedding_forward(Role role) override {
    take({2, false, false}, [&](LayerPasses& passes) { passes.embedding_forward(role); });
  }
  void embedding_backward(Role role) override {
    take({3, false, false}, [&](LayerPasses& passes) { passes.embedding_backward(role); });
  }
  void output_forward(Role role) override {
    take({4, false, false}, [&](LayerPasses& passes) { passes.output_forward(role); });
  }
  void output_backward(Role role) override {
    take({5, false, false}, [&](LayerPasses& passes) { passes.output_backward(role); });
  }
  // Beside the next chunk's passes a send holds the compute stream up for as long as something behind it is
  // late.
  void send(Role role) override {
    const auto write = [&](LayerPasses& passes) { passes.send(role); };
    const auto [whole, fresh] = known_.try_emplace({6, false, role == Role::Bubble}, 0.0);
    const auto [held, both_fresh] = known_.try_emplace({7, false, role == Role::Bubble}, 0.0);
    if (fresh) {
      constexpr Time behind(10'000'000'000'000);  // longer than any send
      whole->second = timed(Time(0), write);
      held->second = timed(behind, write) - to_ns(behind);
    }
    const StreamSet both = streams(Stream::Pipeline, Stream::Compute);
    const bool beside = sends_beside(job_.parallelism, role);
    streams_.collective(whole->second, both, beside ? streams(Stream::Pipeline) : both);
    if (beside) streams_.collective(held->second, 0, streams(Stream::Compute));
  }
  void take_processors(Axes axis, CollectiveKind kind, double bytes, Label label) override {
    const double ns =
        timed(Time(0), [&](LayerPasses& passes) { passes.take_processors(axis, kind, bytes, label); });
    streams_.collective(ns, 0, streams(Stream::Compute));
  }
  void begin_routes_beside(std::int64_t /*layers*/) override { apart_ = false; }
  void end_routes_beside() override {}
  [[nodiscard]] bool layers_outlast_output(std::int64_t layers) const override {
    return priced_.layers_outlast_output(layers);
  }
  void call(Axes axis, CollectiveKind kind, double bytes, Label /*label*/, StreamSet waits,
            StreamSet sets) override {
    const Group& group = groups_[static_cast<std::size_t>(axis)];
    const Collective wanted{kind, Bytes(std::llround(bytes))};
    if (group.dimensions.empty() || wanted.bytes <= Bytes(0)) return;
    const CollectivePrice price = collective_price(job_.machine, network_, group, wanted);
    StreamBuilder alone("", groups_, {});
    alone.collective({}, {at_full_speed(wanted, price), static_cast<std::uint32_t>(axis)},
                     nanoseconds(price.latency_ns), 0, streams(Stream::Compute));
    streams_.collective(end_of(std::move(alone)), waits, sets);
  }
  // Whether every pass ended before the next began.
  [[nodiscard]] bool apart() const { return apart_; }

 private:
  struct Pass {
    int kind;
    bool sparse, bubble;
    friend auto operator<=>(const Pass&, const Pass&) = default;
  };

  double end_of(StreamBuilder&& builder) const {
    Step step = std::move(builder).finish();
    step.wire_efficiency = wire_efficiency(job_.machine, network_);
    return ClosedForm(step, network_).step_time_ns(job_.machine.gb_per_s(network_));
  }
  double timed(Time behind, const std::function<void(LayerPasses&)>& write) const {
    StreamBuilder builder("", groups_, {});
    LayerPasses passes(priced_, builder);
    write(passes);
    builder.compute({}, behind);
    return end_of(std::move(builder));
  }
  // A nanosecond of compute behind a pass ends a nanosecond later only where all streams were waited for.
  void take(const Pass& pass, const std::function<void(LayerPasses&)>& write) {
    const auto [known, fresh] = known_.try_emplace(pass, 0.0);
    if (fresh) {
      known->second = timed(Time(0), write);
      constexpr Time nanosecond(1000);
      if (timed(nanosecond, write) - known->second < 0.999) apart_ = false;
    }
    streams_.collective(known->second, 0, streams(Stream::Compute));
  }

  const TrainingJob& job_;
  const Network& network_;
  const std::vector<Group>& groups_;
  MatrixStreams& streams_;
  StreamBuilder builder_;
  LayerPasses priced_;
  std::map<Pass, double> known_;  // of this division
  bool apart_ = true;
};

}  // namespace

double max_plus_step_ns(const TrainingJob& job, const Network& network) {
  const std::vector<Group> groups = parallel_groups(network, job.parallelism);
  MatrixStreams streams(groups);
  LonePasses passes(job, network, groups, streams);
  write_training_step(job, streams, passes);
  if (passes.apart()) return streams.end_ns();
  return ClosedForm(training_step(job, network), network).step_time_ns(job.machine.gb_per_s(network));
}

double walked_step_ns(const TrainingJob& job, const Network& network) {
  const Step step = training_step(job, network);
  const std::vector<double> durations = ClosedForm(step, network).durations_ns(job.machine.gb_per_s(network));
  std::vector<double> ends(step.operations.size(), 0.0);
  for (Cursor at(step); !at.done(); at.next()) {
    const OperationId id = at.operation();
    double start = 0.0;
    for (const OperationId before : step.dependencies_of(step.operations[id]))
      start = std::max(start, ends[before]);
    ends[id] = start + durations[id];
  }
  return ends.empty() ? 0.0 : *std::max_element(ends.begin(), ends.end());
}

}  // namespace bandwright
