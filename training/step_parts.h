#pragma once
#include <memory>
#include <type_traits>

#include "step/stream_builder.h"
#include "training/division/parallel_groups.h"
#include "training/parallelism.h"

namespace bandwright {

struct TrainingJob;

// What a block repeats: a function that outlives the call it is passed to.
class Rounds {
 public:
  template <class Write>
  requires(!std::is_same_v<std::decay_t<Write>, Rounds>)
      Rounds(const Write& write)  // NOLINT(google-explicit-constructor): written as a lambda where it is used
      : write_(std::addressof(write)), call_([](const void* w) { (*static_cast<const Write*>(w))(); }) {}
  void operator()() const { call_(write_); }

 private:
  const void* write_;
  void (*call_)(const void*);
};

// Where a step is written to: streams of an NPU, by the rules of StreamBuilder. Something that only needs to
// know when the step ends can play it as it is written.
class StepStreams {
 public:
  virtual ~StepStreams() = default;
  virtual void compute(Label label, Time duration) = 0;
  virtual void join(StreamSet waits) = 0;
  virtual void repeat(std::int64_t times, Rounds write) = 0;
  [[nodiscard]] virtual const Group& group(std::uint32_t index) const = 0;
};

// What one pipeline stage does for one micro-batch (training/layers/layer_passes.h).
class StepPasses {
 public:
  virtual ~StepPasses() = default;
  virtual void forward(bool sparse, Role role) = 0;
  virtual void backward(bool sparse, Role role) = 0;
  virtual void embedding_forward(Role role) = 0;
  virtual void embedding_backward(Role role) = 0;
  virtual void output_forward(Role role) = 0;
  virtual void output_backward(Role role) = 0;
  // Activations, or their gradients, to the neighbouring stage.
  virtual void send(Role role) = 0;
  // Between these, tokens go to the experts of so many layers and back beside the compute of both passes of a
  // chunk, as that of another micro-batch: max(compute + s e, e), with e all their exchanges and s the share
  // of an NPU's processors that copy them.
  virtual void begin_routes_beside(std::int64_t layers) = 0;
  virtual void end_routes_beside() = 0;
  // Whether so many layers, with experts if there are any, compute for longer than the output layer.
  [[nodiscard]] virtual bool layers_outlast_output(std::int64_t layers) const = 0;
  // A collective over an axis, with the latency of the machine's fabric.
  virtual void call(Axes axis, CollectiveKind kind, double bytes, Label label, StreamSet waits,
                    StreamSet sets) = 0;
  // The processors that copy for such a call, where it runs beside compute, which is as much longer.
  virtual void take_processors(Axes axis, CollectiveKind kind, double bytes, Label label) = 0;
};

// Whether a stage sends beside the passes of its next chunk: where chunks are interleaved and nobody waits
// for the transfer (Megatron-Core, overlap_p2p_comm), but while other stages fill and drain the pipeline.
inline bool sends_beside(const Parallelism& p, Role role) {
  return p.schedule == PipelineSchedule::Interleaved && !p.synchronous_sends && role != Role::Bubble;
}
// Of such a send, what a stage waits for all the same: its neighbours are not done to the moment. Fitted.
constexpr double send_waited_for = 0.3;

// Writes one step (training/training_step.h), whose groups are those of `streams`. REQUIRES a valid job.
void write_training_step(const TrainingJob& job, StepStreams& streams, StepPasses& passes);

}  // namespace bandwright
