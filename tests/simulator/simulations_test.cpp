// Simulations of jobs drawn at random over networks, machines, libraries, engines and transports, as they
// were, down to the picture of their timeline.
#include <cmath>

#include "network/routes.h"
#include "simulator/transport/catalogue.h"
#include "study/simulate.h"
#include "study/trace_context.h"
#include "tests/support/as_it_was.h"
#include "tests/support/typed_job.h"

namespace bandwright {
namespace {

struct Asked {
  Job job;
  SimulationOptions options;
};

Asked asked(std::string_view words) {
  Asked result;
  SimulationOptions& options = result.options;
  result.job = typed_job(words, [&](std::string_view name, const std::string& value) {
    if (name == "engine") {
      options.closed_form = value == "closed";
    } else if (name == "npu_fidelity") {
      options.fidelity = fidelity_named(value);
    } else if (name == "transport") {
      options.transport = transport_named(value).model;
    } else if (name == "routing") {
      options.routing.routing = routing_named(value);
    } else if (name == "seed") {
      options.routing.seed = std::stoull(value);
    } else if (name == "queue_pairs") {
      options.routing.queue_pairs = std::stoi(value);
    } else if (name == "shuffle") {
      options.shuffle = std::stoull(value);
    } else if (name == "no_leap") {
      options.no_leap = true;
    } else {
      throw std::invalid_argument(std::string(name));
    }
  });
  return result;
}

// FNV-1a (Fowler, Noll, Vo): enough to see that a text is another one.
std::string hash(std::string_view text) {
  std::uint64_t value = 14695981039346656037ULL;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return fmt::format("{:016x}", value);
}

// "TP 123 DP 456", in ps.
std::string groups_of(const StepResult& result) {
  std::string text;
  for (const GroupExposure& each : result.groups)
    text += fmt::format("{} {} ", each.group, each.exposed.value());
  return text;
}

std::string dimensions_of(const StepResult& result) {
  std::string text;
  for (const DimensionUse& each : result.dimensions)
    text += fmt::format("{:.9g} {:.9g} {} ", each.bytes, each.utilization, each.exposed.value());
  return text;
}

std::string queues_of(const StepResult& result) {
  std::string text;
  for (const QueueUse& each : result.queues) {
    text += fmt::format("{} {} {} {} {} {} ", each.group, each.dimension, each.npus, each.chunks,
                        each.service.value(), each.queueing.value());
  }
  return text;
}

// The number of operations on the critical path, and where they end, all together.
std::string path_of(const StepResult& result) {
  double ends = 0.0;
  for (const CriticalOperation& each : result.critical_path)
    ends += static_cast<double>(each.operation + 1) * to_seconds(each.end - each.start);
  return fmt::format("{} {:.9g}", result.critical_path.size(), ends);
}

TEST(Simulations, AreWhatTheyWere) {
  expect_as_it_was("simulations", 1e-8, [](const std::string& words) {
    const Asked question = asked(words);
    Timeline timeline;
    const SimulationAnswer answer =
        simulate(question.job, question.options, question.options.closed_form ? nullptr : &timeline);
    const StepResult& result = answer.result;
    TraceContext context = answer.job ? trace_context(*answer.job) : TraceContext{};
    if (!answer.built) context.algorithm = algorithms_of(answer);
    return std::vector<std::string>{words,
                                    std::to_string(result.step_time.value()),
                                    std::to_string(result.compute_time.value()),
                                    std::to_string(result.bubble.value()),
                                    std::to_string(result.exposed_communication.value()),
                                    std::to_string(result.overhead.value()),
                                    groups_of(result),
                                    dimensions_of(result),
                                    queues_of(result),
                                    path_of(result),
                                    std::to_string(result.events),
                                    hash(chrome_trace(timeline, answer.graph, context))};
  });
}

}  // namespace
}  // namespace bandwright
