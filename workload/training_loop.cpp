#include "workload/training_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/catalogue.h"

namespace bandwright {

// Writes the passes of a model into a graph. `front_` is what the next operation in program order waits for.
class StepWriter {
 public:
  StepWriter(const Model& model, std::vector<Group> groups, const LoopOptions& options);

  Step write(const TrainingLoop& loop) &&;

  void forward(std::size_t line, Role role, int times_communicated);
  void recompute_layer_before(std::size_t checkpoint);

  [[nodiscard]] const Line& line(std::size_t index) const { return model_.lines[index]; }
  void compute(Label label, const Pass& pass);
  // The operation that communicates after `front_`, if there is one over more than one NPU.
  std::optional<OperationId> communicate(Label label, const Pass& pass);
  void tick(Label label);
  void wait_for(const std::optional<OperationId>& operation);

 private:
  const Model& model_;
  const LoopOptions& options_;
  StepBuilder builder_;
  std::vector<OperationId> front_;
};

namespace {

Label label_of(Role role, std::size_t line) { return {role, static_cast<std::uint16_t>(line)}; }

Time scaled(Time compute, const LoopOptions& options) {
  const double ns = to_ns(compute);
  static_cast<void>(nanoseconds(ns * options.compute_scale));  // throws beyond the clock
  switch (options.rounding) {
    case ComputeRounding::WholeNsFloat32: {
      const float product = static_cast<float>(ns) * static_cast<float>(options.compute_scale);
      return Time(static_cast<std::int64_t>(product) * 1000);
    }
    case ComputeRounding::WholeNsFloat64: {
      const double product = ns * static_cast<double>(static_cast<float>(options.compute_scale));
      return Time(static_cast<std::int64_t>(product) * 1000);
    }
    default:
      return Time(std::llround(static_cast<double>(compute.value()) * options.compute_scale));
  }
}

std::vector<std::string> names_of(const Model& model) {
  std::vector<std::string> names;
  for (const Line& line : model.lines) names.push_back(line.name);
  return names;
}

// g, G, w, then W beside the loop's bookkeeping.
void backward_blocking(StepWriter& writer, std::size_t line) {
  const Line& work = writer.line(line);
  const Label input = label_of(Role::InputGradient, line);
  const Label weight = label_of(Role::WeightGradient, line);
  writer.compute(input, work.input_gradient);
  writer.wait_for(writer.communicate(input, work.input_gradient));
  writer.tick(input);
  writer.compute(weight, work.weight_gradient);
  const auto reduced = writer.communicate(weight, work.weight_gradient);
  writer.tick(weight);
  writer.wait_for(reduced);
}

// g, then G beside (w, W).
void backward_overlapped(StepWriter& writer, std::size_t line) {
  const Line& work = writer.line(line);
  const Label input = label_of(Role::InputGradient, line);
  const Label weight = label_of(Role::WeightGradient, line);
  writer.compute(input, work.input_gradient);
  const auto exchanged = writer.communicate(input, work.input_gradient);
  writer.tick(input);
  writer.compute(weight, work.weight_gradient);
  const auto reduced = writer.communicate(weight, work.weight_gradient);
  writer.wait_for(exchanged);
  writer.tick(weight);
  writer.wait_for(reduced);
}

}  // namespace

StepWriter::StepWriter(const Model& model, std::vector<Group> groups, const LoopOptions& options)
    : model_(model), options_(options), builder_(model.name, std::move(groups), names_of(model)) {}

void StepWriter::compute(Label label, const Pass& pass) {
  const Time duration = scaled(pass.compute, options_);
  if (duration > Time(0)) front_ = {builder_.compute(label, duration, front_)};
}

std::optional<OperationId> StepWriter::communicate(Label label, const Pass& pass) {
  if (!pass.communication) return std::nullopt;
  const auto group = static_cast<std::uint32_t>(pass.communication->axis);
  if (builder_.group(group).dimensions.empty()) return std::nullopt;
  return builder_.collective(label, {pass.communication->collective, group}, front_);
}

void StepWriter::tick(Label label) {
  if (options_.bookkeeping > Time(0)) front_ = {builder_.overhead(label, options_.bookkeeping, front_)};
}

void StepWriter::wait_for(const std::optional<OperationId>& operation) {
  if (operation) front_.push_back(*operation);
}

void StepWriter::forward(std::size_t line, Role role, int times_communicated) {
  const Pass& pass = model_.lines[line].forward;
  compute(label_of(role, line), pass);
  for (int i = 0; i < times_communicated; ++i) wait_for(communicate(label_of(role, line), pass));
  tick(label_of(role, line));
}

void StepWriter::recompute_layer_before(std::size_t checkpoint) {
  std::size_t first = checkpoint;
  while (first > 0 && !model_.lines[first - 1].checkpoint) --first;
  tick(label_of(Role::Recompute, checkpoint));
  for (std::size_t line = first; line < checkpoint; ++line) forward(line, Role::Recompute, 1);
}

Step StepWriter::write(const TrainingLoop& loop) && {
  const int times = options_.recompute == Recompute::Communication ? 2 : 1;
  for (std::size_t line = 0; line < model_.lines.size(); ++line) forward(line, Role::Forward, times);
  for (std::size_t line = model_.lines.size(); line-- > 0;) {
    if (options_.recompute == Recompute::Full && model_.lines[line].checkpoint) recompute_layer_before(line);
    loop.backward(*this, line);
  }
  return std::move(builder_).finish();
}

std::span<const RecomputeInfo> recompute_choices() {
  static constexpr std::array choices = {
      RecomputeInfo{Recompute::None, "none", "activations are kept"},
      RecomputeInfo{Recompute::Full, "full", "each layer's forward pass runs again before its backward pass"},
      RecomputeInfo{Recompute::Communication, "communication",
                    "forward communication counted twice, compute once (the LIBRA artifact's optimizer)"}};
  return choices;
}

std::span<const TrainingLoop> training_loops() {
  static constexpr std::array loops = {
      TrainingLoop{"NoOverlap", "every collective blocks: forward f F, backward g G w W", backward_blocking,
                   ComputeRounding::WholeNsFloat32},
      TrainingLoop{"Overlap",
                   "the input gradient's collective runs beside the weight gradient: g, then G beside (w, W)",
                   backward_overlapped, ComputeRounding::WholeNsFloat64}};
  return loops;
}

const TrainingLoop& training_loop(std::string_view name) {
  return find_in_catalogue(training_loops(), name, "training loop");
}

LoopOptions loop_options(const Library& library, const TrainingLoop& loop, Recompute recompute) {
  return {.recompute = recompute,
          .compute_scale = library.compute_scale,
          .rounding = library.truncate ? loop.truncated : ComputeRounding::NearestPicosecond,
          .bookkeeping = library.bookkeeping};
}

std::vector<Group> model_groups(const Model& model, const Network& network) {
  const std::int64_t data = std::max<std::int64_t>(1, network.npus() / model.tensor_parallel);
  std::vector<Group> groups = split_into_groups(network, {{"TP", model.tensor_parallel}, {"DP", data}});
  groups.push_back(whole_network(network));
  return groups;
}

Step build_step(const Model& model, std::vector<Group> groups, const TrainingLoop& loop,
                const LoopOptions& options) {
  const auto is_checkpoint = [](const Line& line) { return line.checkpoint; };
  if (options.recompute == Recompute::Full &&
      std::none_of(model.lines.begin(), model.lines.end(), is_checkpoint)) {
    throw InputError(fmt::format(
        "{} has no checkpoint lines to recompute from (recompute: none or communication)", model.name));
  }
  return StepWriter(model, std::move(groups), options).write(loop);
}

Step build_step(const Model& model, const Network& network, const TrainingLoop& loop,
                const LoopOptions& options) {
  return build_step(model, model_groups(model, network), loop, options);
}

}  // namespace bandwright
