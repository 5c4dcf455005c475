#include "plan/hardware/proof/matrix_step.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "plan/hardware/path_bound.h"
#include "plan/hardware/unpriced_passes.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

constexpr std::array path_streams = {Stream::Compute, Stream::Data, Stream::Prefetch, Stream::Pipeline};
constexpr std::size_t path_size = path_streams.size();

}  // namespace

// Rows are streams after, columns before: the time from the one to the other, with its bytes.
struct PathMatrix {
  std::array<std::array<PathTime, path_size>, path_size> at;

  static PathMatrix identity() {
    PathMatrix m;
    for (std::size_t i = 0; i < path_size; ++i) {
      for (PathTime& entry : m.at[i]) entry = {.ns = -std::numeric_limits<double>::infinity()};
      m.at[i][i].ns = 0.0;
    }
    return m;
  }
  // This after `before`.
  [[nodiscard]] PathMatrix after(const PathMatrix& before) const {
    PathMatrix product = identity();
    for (std::size_t i = 0; i < path_size; ++i) {
      for (std::size_t j = 0; j < path_size; ++j) {
        std::size_t by = 0;
        double longest = -std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < path_size; ++k) {
          const double ns = at[i][k].ns + before.at[k][j].ns;
          if (ns <= longest) continue;
          longest = ns;
          by = k;
        }
        PathTime& entry = product.at[i][j];
        entry = {.ns = -std::numeric_limits<double>::infinity()};
        if (longest < 0.0 && std::isinf(longest)) continue;
        entry = at[i][by];
        entry += before.at[by][j];
      }
    }
    return product;
  }
  [[nodiscard]] PathMatrix power(std::int64_t exponent) const {
    PathMatrix result = identity();
    PathMatrix square = *this;
    for (; exponent > 0; exponent /= 2) {
      if (exponent % 2 == 1) result = square.after(result);
      if (exponent > 1) square = square.after(square);
    }
    return result;
  }
};

class PathMatrices final : public StepStreams {
 public:
  explicit PathMatrices(const std::vector<Group>& groups) : groups_(groups) {}

  void compute(Label /*label*/, Time duration) override {
    collective({.ns = to_ns(duration)}, 0, streams(Stream::Compute));
  }
  void join(StreamSet waits) override { collective({}, waits, streams(Stream::Compute)); }
  void repeat(std::int64_t times, Rounds write) override {
    if (times <= 0) return;
    const PathMatrix before = std::exchange(all_, PathMatrix::identity());
    write();
    all_ = all_.power(times).after(before);
  }
  [[nodiscard]] const Group& group(std::uint32_t index) const override { return groups_[index]; }

  void collective(const PathTime& time, StreamSet waits, StreamSet occupies) {
    PathMatrix operation = PathMatrix::identity();
    for (std::size_t i = 0; i < path_size; ++i) {
      if (!contains(occupies, path_streams[i])) continue;
      for (std::size_t k = 0; k < path_size; ++k) {
        const bool counts = contains(static_cast<StreamSet>(waits | occupies), path_streams[k]);
        operation.at[i][k] = {.ns = -std::numeric_limits<double>::infinity()};
        if (counts) operation.at[i][k] = time;
      }
    }
    all_ = operation.after(all_);
  }
  // From time 0 on all streams.
  [[nodiscard]] PathTime end() const {
    PathTime end;
    for (const auto& row : all_.at) {
      for (const PathTime& entry : row) {
        if (entry.ns > end.ns) end = entry;
      }
    }
    return end;
  }

 private:
  const std::vector<Group>& groups_;
  PathMatrix all_ = PathMatrix::identity();
};

namespace {

// Which pass: forward or backward, dense or sparse, own or others'; the ends; a send.
int pass_number(int kind, bool sparse, bool bubble) { return 4 * kind + (sparse ? 2 : 0) + (bubble ? 1 : 0); }

constexpr int send_pass = 100;

}  // namespace

template <class Write>
MatrixStep::Pass MatrixStep::written(const LayerPasses& passes, Write write) const {
  StreamBuilder builder("", groups_, {});
  UnpricedPasses own(passes, builder);
  write(own);
  const Step step = std::move(builder).finish();
  Pass pass;
  for (const GroupCollective& each : step.collectives) pass.collectives.push_back(each.collective);
  for (const bandwright::Operation& each : step.operations) {
    const auto after = step.dependencies_of(each);
    Operation operation{.ns = to_ns(each.duration), .after = {after.begin(), after.end()}};
    if (each.kind == OperationKind::Collective) {
      operation.collective = &pass.collectives[each.collective];
      operation.axis = static_cast<Axes>(step.collectives[each.collective].group);
    }
    pass.operations.push_back(std::move(operation));
  }
  return pass;
}

MatrixStep::MatrixStep(const TrainingJob& job, const std::vector<Group>& groups)
    : job_(job), groups_(groups) {
  static const Network nowhere;
  StreamBuilder unused("", groups, {});
  const LayerPasses passes(job_, nowhere, unused);
  for (const bool sparse : {false, true}) {
    if (sparse && !job.model.sparse()) continue;
    for (const bool bubble : {false, true}) {
      const Role role = bubble ? Role::Bubble : Role::Forward;
      passes_[pass_number(0, sparse, bubble)] =
          written(passes, [&](LayerPasses& own) { own.forward(sparse, role); });
      passes_[pass_number(1, sparse, bubble)] =
          written(passes, [&](LayerPasses& own) { own.backward(sparse, role); });
    }
  }
  const Role role = Role::Forward;
  passes_[pass_number(2, false, false)] =
      written(passes, [&](LayerPasses& own) { own.embedding_forward(role); });
  passes_[pass_number(3, false, false)] =
      written(passes, [&](LayerPasses& own) { own.embedding_backward(role); });
  passes_[pass_number(4, false, false)] =
      written(passes, [&](LayerPasses& own) { own.output_forward(role); });
  passes_[pass_number(5, false, false)] =
      written(passes, [&](LayerPasses& own) { own.output_backward(role); });
  if (job.parallelism.pipeline > 1) {
    passes_[send_pass] = written(passes, [&](LayerPasses& own) { own.send(Role::Bubble); });
  }
  while (outlast_output_from_ <= job.model.layers && !passes.layers_outlast_output(outlast_output_from_)) {
    ++outlast_output_from_;
  }
}

// Each pass is walked operation by operation, whenever it occurs.
class MatrixStep::Passes final : public StepPasses {
 public:
  Passes(const MatrixStep& step, const Price& price, double copying, PathMatrices& streams)
      : step_(step), price_(price), copying_(copying), streams_(streams) {}

  void forward(bool sparse, Role role) override { take(pass_number(0, sparse, role == Role::Bubble)); }
  void backward(bool sparse, Role role) override { take(pass_number(1, sparse, role == Role::Bubble)); }
  void embedding_forward(Role /*role*/) override { take(pass_number(2, false, false)); }
  void embedding_backward(Role /*role*/) override { take(pass_number(3, false, false)); }
  void output_forward(Role /*role*/) override { take(pass_number(4, false, false)); }
  void output_backward(Role /*role*/) override { take(pass_number(5, false, false)); }
  void send(Role role) override {
    const StreamSet both = streams(Stream::Pipeline, Stream::Compute);
    const bool beside = sends_beside(step_.job_.parallelism, role);
    streams_.collective(walked(send_pass), both, beside ? streams(Stream::Pipeline) : both);
    if (!beside) return;
    for (const Operation& each : step_.passes_.at(send_pass).operations) {
      if (each.collective == nullptr) continue;
      streams_.collective(price_(each.axis, *each.collective).times(send_waited_for), 0,
                          streams(Stream::Compute));
    }
  }
  void begin_routes_beside(std::int64_t /*layers*/) override {}
  void end_routes_beside() override {}
  [[nodiscard]] bool layers_outlast_output(std::int64_t layers) const override {
    return layers >= step_.outlast_output_from_;
  }
  void call(Axes axis, CollectiveKind kind, double bytes, Label /*label*/, StreamSet waits,
            StreamSet sets) override {
    if (nothing(axis, bytes)) return;
    streams_.collective(price_(axis, {kind, Bytes(std::llround(bytes))}), waits, sets);
  }
  void take_processors(Axes axis, CollectiveKind kind, double bytes, Label /*label*/) override {
    if (nothing(axis, bytes) || copying_ <= 0.0) return;
    streams_.collective(price_(axis, {kind, Bytes(std::llround(bytes))}).times(copying_), 0,
                        streams(Stream::Compute));
  }

 private:
  [[nodiscard]] bool nothing(Axes axis, double bytes) const {
    return std::llround(bytes) <= 0 || step_.groups_[static_cast<std::size_t>(axis)].dimensions.empty();
  }
  [[nodiscard]] PathTime walked(int number) {
    const auto [known, fresh] = known_.try_emplace(number);
    if (!fresh) return known->second;
    std::vector<PathTime> ends;
    PathTime last;
    for (const Operation& each : step_.passes_.at(number).operations) {
      PathTime end;
      for (const std::uint32_t before : each.after) {
        if (ends[before].ns > end.ns) end = ends[before];
      }
      end.ns += each.ns;
      if (each.collective != nullptr) end += price_(each.axis, *each.collective);
      if (end.ns > last.ns) last = end;
      ends.push_back(end);
    }
    known->second = last;
    return last;
  }
  void take(int number) { streams_.collective(walked(number), 0, streams(Stream::Compute)); }

  const MatrixStep& step_;
  const Price& price_;
  double copying_;
  PathMatrices& streams_;
  std::map<int, PathTime> known_;  // at these prices
};

PathTime MatrixStep::at(const Price& price, double copying) const {
  PathMatrices matrices(groups_);
  Passes passes(*this, price, copying, matrices);
  write_training_step(job_, matrices, passes);
  return matrices.end();
}

PathTime MatrixStep::over(const FreeLayout& layout, std::span<const double> gb_per_s) const {
  return at(
      [&](Axes axis, const Collective& collective) {
        return collective_curve(layout.network, layout.groups[static_cast<std::size_t>(axis)], collective)
            .at(gb_per_s);
      },
      layout.copying);
}

PathTime MatrixStep::together(std::span<const FabricDimension> classes, double copying,
                              std::span<const double> gb_per_s) const {
  constexpr std::array axes = {Axes::Tensor, Axes::Context, Axes::Data, Axes::Pipeline};
  return at(
      [&](Axes axis, const Collective& collective) {
        const auto which = std::find(axes.begin(), axes.end(), axis);
        if (which == axes.end()) return PathTime{};
        CollectiveCurve curve =
            aggregate_curve(classes, groups_[static_cast<std::size_t>(axis)].npus(), collective);
        curve.parts[0].dimension = static_cast<int>(which - axes.begin());
        return curve.at(gb_per_s);
      },
      copying);
}

}  // namespace bandwright
