// The reference's two-layer tables (workload/transformer.h) against the step the training builder writes for
// the same transformer with tensor and data parallelism only: the same collectives, to the byte.
#include <gtest/gtest.h>

#include <map>

#include "simulator/closed_form/closed_form.h"
#include "training/training_step.h"
#include "workload/model.h"

namespace bandwright {
namespace {

struct Table {
  const char* name;
  std::int64_t hidden, heads, tokens, sequence, tensor, data;
};
// Sizes of the reference; heads divide hidden and are divided by TP, and matter to nothing that is compared.
constexpr Table tables[] = {{"17B", 4256, 32, 8192, 512, 1, 1024},
                            {"175B", 12288, 96, 32768, 2048, 16, 64},
                            {"1T", 24576, 128, 16384, 2048, 128, 8}};

TrainingJob job_of(const Table& table) {
  TransformerArchitecture model{.name = table.name,
                                .layers = 2,
                                .hidden = table.hidden,
                                .heads = table.heads,
                                .kv_heads = table.heads,
                                .head_dim = table.hidden / table.heads,
                                .ffn = 4 * table.hidden,
                                .sequence = table.sequence,
                                .vocabulary = 1};
  const std::int64_t sequences = table.tokens / table.sequence;
  return {model,
          load_machine("reference-2d"),
          {.tensor = table.tensor,
           .data = table.data,
           .micro_batch = sequences,
           .global_batch = sequences * table.data,
           .overlap_gradients = false}};
}

// How often each size is sent: by group ("TP", "DP"), role and kind.
using Key = std::tuple<std::string, Role, CollectiveKind>;
using Calls = std::map<Key, std::map<std::int64_t, double>>;

Calls calls_of(const Model& table) {
  Calls calls;
  const auto add = [&](Role role, const Pass& pass) {
    if (!pass.communication) return;
    const Communication& call = *pass.communication;
    calls[{std::string(axis_name(call.axis)), role, call.collective.kind}][call.collective.bytes.value()] +=
        1.0;
  };
  for (const Line& line : table.lines) {
    add(Role::Forward, line.forward);
    add(Role::InputGradient, line.input_gradient);
    add(Role::WeightGradient, line.weight_gradient);
  }
  return calls;
}

Calls calls_of(const Step& step) {
  const std::vector<double> counts = executions(step);
  Calls calls;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const Operation& operation = step.operations[i];
    if (operation.kind != OperationKind::Collective) continue;
    const GroupCollective& call = step.collectives[operation.collective];
    calls[{step.groups[call.group].name, operation.role, call.collective.kind}]
         [call.collective.bytes.value()] += counts[i];
  }
  return calls;
}

double total(const std::map<std::int64_t, double>& sizes) {
  double bytes = 0.0;
  for (const auto& [size, times] : sizes) bytes += static_cast<double>(size) * times;
  return bytes;
}

TEST(ReferenceTable, HasTheCollectivesOfTheTrainingStep) {
  for (const Table& table : tables) {
    SCOPED_TRACE(table.name);
    const TrainingJob job = job_of(table);
    const Network network = job.machine.network(job.parallelism.npus());
    const Calls written = calls_of(training_step(job, network));
    const Calls listed = calls_of(load_model(table.name));
    // Two all-reduces of e t h bytes per layer and direction over TP, none without a TP group. The output
    // layer's input gradient adds one for the whole model.
    for (const Role role : {Role::Forward, Role::InputGradient}) {
      const Key key{"TP", role, CollectiveKind::AllReduce};
      const std::int64_t bytes = 2 * table.tokens * table.hidden;
      EXPECT_EQ(listed.at(key), (std::map<std::int64_t, double>{{bytes, 4.0}}));
      if (table.tensor == 1) continue;
      const double output = role == Role::InputGradient ? 1.0 : 0.0;
      EXPECT_EQ(written.at(key), (std::map<std::int64_t, double>{{bytes, 4.0 + output}}));
    }
    // The artifact's tables gather the gradient of each attention output besides; the training step reduces
    // it with the others.
    const Key gathered{"TP", Role::InputGradient, CollectiveKind::AllGather};
    EXPECT_EQ(total(listed.at(gathered)),
              4.0 * static_cast<double>(table.tokens * table.hidden) / static_cast<double>(table.tensor));
    EXPECT_FALSE(written.contains(gathered));
    // Weight gradients: 12 h^2/m per layer, and in the training step biases, norms and a vocabulary of one.
    const Key gradients{"DP", Role::WeightGradient, CollectiveKind::AllReduce};
    const auto h = static_cast<double>(table.hidden);
    EXPECT_DOUBLE_EQ(total(listed.at(gradients)), 2.0 * 24.0 * h * h / static_cast<double>(table.tensor));
    EXPECT_NEAR(total(written.at(gradients)), total(listed.at(gradients)),
                total(listed.at(gradients)) * 15.0 / (12.0 * h));
  }
}

}  // namespace
}  // namespace bandwright
