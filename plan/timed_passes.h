#pragma once
#include <cmath>

#include "plan/stream_clock.h"
#include "training/division/parallel_groups.h"
#include "training/layers/layer_passes.h"

namespace bandwright {

// What passes of a layer, of the embedding and of the output layer take: times, or what they follow from.
template <class Value>
struct LayerTimes {
  struct Kinds {  // of layers
    Value dense{};
    Value sparse{};
    [[nodiscard]] const Value& of(bool is_sparse) const { return is_sparse ? sparse : dense; }
  };
  struct Phases {  // by who works: this stage, or others while it waits
    Kinds own;
    Kinds bubble;
    [[nodiscard]] const Value& of(bool sparse, Role role) const {
      return (role == Role::Bubble ? bubble : own).of(sparse);
    }
  };
  Phases forward;
  Phases backward;
  Value embedding_forward{};
  Value embedding_backward{};
  Value output_forward{};
  Value output_backward{};
  std::int64_t outlast_output_from = 0;  // layers
};

// Each of them by `time(write)`, where write(passes) writes the pass.
template <class Value, class Time>
LayerTimes<Value> time_layers(const TrainingJob& job, const LayerPasses& priced, Time time) {
  LayerTimes<Value> layers;
  const auto kinds = [&](auto pass, Role role) {
    typename LayerTimes<Value>::Kinds result;
    result.dense = time([&](LayerPasses& passes) { pass(passes, false, role); });
    if (job.model.sparse()) result.sparse = time([&](LayerPasses& passes) { pass(passes, true, role); });
    return result;
  };
  const auto phases = [&](auto pass) {
    typename LayerTimes<Value>::Phases result;
    result.own = kinds(pass, Role::Forward);
    if (job.parallelism.pipeline > 1) result.bubble = kinds(pass, Role::Bubble);
    return result;
  };
  layers.forward = phases([](LayerPasses& passes, bool sparse, Role role) { passes.forward(sparse, role); });
  layers.backward =
      phases([](LayerPasses& passes, bool sparse, Role role) { passes.backward(sparse, role); });
  const Role role = Role::Forward;
  layers.embedding_forward = time([&](LayerPasses& passes) { passes.embedding_forward(role); });
  layers.embedding_backward = time([&](LayerPasses& passes) { passes.embedding_backward(role); });
  layers.output_forward = time([&](LayerPasses& passes) { passes.output_forward(role); });
  layers.output_backward = time([&](LayerPasses& passes) { passes.output_backward(role); });
  while (layers.outlast_output_from <= job.model.layers &&
         !priced.layers_outlast_output(layers.outlast_output_from)) {
    ++layers.outlast_output_from;
  }
  return layers;
}

// Between stages, and what of such a send is waited for where it runs beside the next chunk.
template <class Value>
struct SendTimes {
  Value all{};
  Value waited{};
};

// Passes whose times are known, played on a clock. `Calls` prices collectives between layers: alone(axis),
// collective(axis, kind, bytes) and processors(axis, kind, bytes).
template <class Value, class Calls>
class TimedPasses final : public StepPasses {
 public:
  TimedPasses(const Parallelism& p, Calls calls, const LayerTimes<Value>& layers,
              const SendTimes<Value>& send, BasicStreamClock<Value>& clock)
      : p_(p), calls_(calls), layers_(layers), send_(send), clock_(clock) {}

  void forward(bool sparse, Role role) override { clock_.take(layers_.forward.of(sparse, role)); }
  void backward(bool sparse, Role role) override { clock_.take(layers_.backward.of(sparse, role)); }
  void embedding_forward(Role /*role*/) override { clock_.take(layers_.embedding_forward); }
  void embedding_backward(Role /*role*/) override { clock_.take(layers_.embedding_backward); }
  void output_forward(Role /*role*/) override { clock_.take(layers_.output_forward); }
  void output_backward(Role /*role*/) override { clock_.take(layers_.output_backward); }
  void send(Role role) override {
    const StreamSet both = streams(Stream::Pipeline, Stream::Compute);
    const bool beside = sends_beside(p_, role);
    clock_.collective(send_.all, both, beside ? streams(Stream::Pipeline) : both);
    if (beside) clock_.take(send_.waited);
  }
  void begin_routes_beside(std::int64_t /*layers*/) override {}  // not here: passes are apart
  void end_routes_beside() override {}
  [[nodiscard]] bool layers_outlast_output(std::int64_t layers) const override {
    return layers >= layers_.outlast_output_from;
  }
  void call(Axes axis, CollectiveKind kind, double bytes, Label /*label*/, StreamSet waits,
            StreamSet sets) override {
    const std::int64_t whole = std::llround(bytes);
    if (whole <= 0 || calls_.alone(axis)) return;
    clock_.collective(calls_.collective(axis, kind, whole), waits, sets);
  }
  void take_processors(Axes axis, CollectiveKind kind, double bytes, Label /*label*/) override {
    const std::int64_t whole = std::llround(bytes);
    if (whole <= 0 || calls_.alone(axis)) return;
    clock_.take(calls_.processors(axis, kind, whole));
  }

 private:
  const Parallelism& p_;
  Calls calls_;
  const LayerTimes<Value>& layers_;
  const SendTimes<Value>& send_;
  BasicStreamClock<Value>& clock_;
};

}  // namespace bandwright
