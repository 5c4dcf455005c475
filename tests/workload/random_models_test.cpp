// Random models against rules stated again: training loops line by line, networks on images layer by layer.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "workload/architecture.h"
#include "workload/convnet.h"
#include "workload/parameters.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  bool coin() { return below(2) == 0; }

 private:
  std::mt19937 random_;
};

Model random_model(Dice& dice) {
  Model model{.name = "random", .tensor_parallel = 4};
  const auto pass = [&](Axis axis) {
    Pass result{.compute = nanoseconds(dice.below(50))};
    if (dice.coin()) {
      result.communication = {axis, {CollectiveKind::AllReduce, Bytes(1 + dice.below(90))}};
    }
    return result;
  };
  for (int lines = 1 + dice.below(8); lines > 0; --lines) {
    model.lines.push_back({.name = "line",
                           .forward = pass(Axis::Tensor),
                           .input_gradient = pass(dice.coin() ? Axis::Tensor : Axis::World),
                           .weight_gradient = pass(Axis::Data),
                           .checkpoint = dice.below(3) == 0});
  }
  model.lines.back().checkpoint = true;
  return model;
}

// A collective takes as many nanoseconds as it has bytes.
Time wire(const Pass& pass) {
  return pass.communication ? nanoseconds(static_cast<double>(pass.communication->collective.bytes.value()))
                            : Time();
}

// When the step ends, by what the header says of the loops; t is the loop's own time after each pass.
Time by_rule(const Model& model, bool overlap, const LoopOptions& options) {
  const Time t = options.bookkeeping;
  const auto forward = [&](const Line& line, std::int64_t times) {
    return line.forward.compute + wire(line.forward) * times + t;
  };
  Time end;
  for (const Line& line : model.lines)
    end += forward(line, options.recompute == Recompute::Communication ? 2 : 1);
  for (std::size_t i = model.lines.size(); i-- > 0;) {
    const Line& line = model.lines[i];
    if (options.recompute == Recompute::Full && line.checkpoint) {
      end += t;
      for (std::size_t again = i; again-- > 0 && !model.lines[again].checkpoint;)
        end += forward(model.lines[again], 1);
    }
    const Time w = line.weight_gradient.compute;
    const Time exchange = wire(line.input_gradient);
    const Time reduce = wire(line.weight_gradient);
    end += line.input_gradient.compute;
    if (overlap) {
      end += std::max(std::max(t + w, exchange) + t, t + w + reduce);
    } else {
      end += exchange + t + w + std::max(reduce, t);
    }
  }
  return end;
}

// When the last operation of a graph ends, by what it depends on.
Time by_graph(const Step& graph) {
  std::vector<Time> ends;
  Time last;
  for (const Operation& operation : graph.operations) {
    Time start;
    for (const OperationId before : graph.dependencies_of(operation)) start = std::max(start, ends[before]);
    Time duration = operation.duration;
    if (operation.kind == OperationKind::Collective) {
      duration = nanoseconds(to_double(graph.collectives[operation.collective].collective.bytes));
    }
    ends.push_back(start + duration);
    last = std::max(last, ends.back());
  }
  return last;
}

TEST(TrainingLoop, AreTheRuleLineByLine) {
  const Network network = parse_network("Ring(4)_Switch(8)");
  for (unsigned seed = 1; seed <= 200; ++seed) {
    Dice dice(seed);
    const Model model = random_model(dice);
    for (const TrainingLoop& loop : training_loops()) {
      for (const RecomputeInfo& recompute : recompute_choices()) {
        LoopOptions options{.recompute = recompute.recompute};
        if (dice.coin()) options.bookkeeping = nanoseconds(3);
        const Step graph = build_step(model, network, loop, options);
        EXPECT_EQ(by_graph(graph), by_rule(model, loop.name == "Overlap", options))
            << loop.name << " " << recompute.name << " " << seed;
      }
    }
  }
}

// Overlap never makes a step longer than blocking does but for the loop's own time, and recomputation never
// shorter.
TEST(TrainingLoop, OverlapHelpsAndRecomputationCosts) {
  const Network network = parse_network("Ring(4)_Switch(8)");
  for (unsigned seed = 1; seed <= 100; ++seed) {
    Dice dice(seed);
    const Model model = random_model(dice);
    const auto time = [&](const char* loop, Recompute recompute) {
      return by_graph(build_step(model, network, training_loop(loop), {.recompute = recompute}));
    };
    EXPECT_LE(time("Overlap", Recompute::None), time("NoOverlap", Recompute::None));
    EXPECT_GE(time("Overlap", Recompute::Full), time("Overlap", Recompute::None));
    EXPECT_GE(time("NoOverlap", Recompute::Communication), time("NoOverlap", Recompute::None));
  }
}

// All weight gradients in the first line: the same bytes and compute, in one collective.
TEST(FusedGradients, CarryTheSameBytes) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    Dice dice(seed);
    const Model model = random_model(dice);
    const Model fused = fuse_weight_gradients(model);
    ASSERT_EQ(fused.lines.size(), model.lines.size());
    std::int64_t before = 0;
    std::int64_t after = 0;
    for (std::size_t i = 0; i < model.lines.size(); ++i) {
      const auto bytes = [](const Pass& pass) {
        return pass.communication ? pass.communication->collective.bytes.value() : 0;
      };
      before += bytes(model.lines[i].weight_gradient);
      after += bytes(fused.lines[i].weight_gradient);
      EXPECT_EQ(fused.lines[i].weight_gradient.compute, model.lines[i].weight_gradient.compute);
      EXPECT_EQ(fused.lines[i].forward, model.lines[i].forward);
      EXPECT_EQ(fused.lines[i].input_gradient, model.lines[i].input_gradient);
      if (i > 0) {
        EXPECT_FALSE(fused.lines[i].weight_gradient.communication.has_value());
      }
    }
    EXPECT_EQ(after, before);
  }
}

// A network of random layers, counted by the table of workload/convnet.h as it is written.
struct Counted {
  std::string text;
  std::int64_t parameters = 0;
  std::int64_t flops = 0;
  std::int64_t first_flops = 0;
  std::int64_t channels = 3, height = 0, width = 0;
};

Counted counted_network(Dice& dice) {
  Counted net;
  net.height = 8 + dice.below(30);
  net.width = 8 + dice.below(30);
  net.text = fmt::format("input: {{channels: 3, height: {}, width: {}}}\nlayers:\n", net.height, net.width);
  bool first = true;
  for (int layers = 1 + dice.below(6); layers > 0; --layers) {
    const int kernel = 1 + dice.below(4);
    const int stride = 1 + dice.below(3);
    const std::int64_t channels = 1 + dice.below(6);
    const bool bias = dice.coin();
    const std::int64_t weights = kernel * kernel * net.channels * channels;
    const auto ceil_div = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
    std::int64_t flops = 0;
    switch (dice.below(4)) {
      case 0:
        net.text += fmt::format("  - conv: {{channels: {}, kernel: {}, stride: {}, bias: {}}}\n", channels,
                                kernel, stride, bias);
        net.height = ceil_div(net.height, stride);
        net.width = ceil_div(net.width, stride);
        flops = 2 * weights * net.height * net.width;
        net.parameters += weights + (bias ? channels : 0);
        net.channels = channels;
        break;
      case 1:
        net.text += fmt::format("  - deconv: {{channels: {}, kernel: {}, stride: {}, bias: {}}}\n", channels,
                                kernel, stride, bias);
        flops = 2 * weights * net.height * net.width;
        net.height *= stride;
        net.width *= stride;
        net.parameters += weights + (bias ? channels : 0);
        net.channels = channels;
        break;
      case 2:
        net.text += "  - norm\n";
        net.parameters += 2 * net.channels;
        break;
      default: {
        const std::int64_t in = net.channels * net.height * net.width;
        net.text += fmt::format("  - dense: {{channels: {}}}\n", channels);
        flops = 2 * in * channels;
        net.parameters += in * channels + channels;
        net.channels = channels;
        net.height = net.width = 1;
      }
    }
    net.flops += flops;
    if (first && flops > 0) {
      net.first_flops = flops;
      first = false;
    } else if (first) {
      first = false;  // a layer that multiplies nothing comes first
    }
  }
  return net;
}

TEST(ConvNet, RandomOnesAreCountedByTheTable) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Dice dice(seed);
    const Counted expected = counted_network(dice);
    SCOPED_TRACE(expected.text);
    const ConvNet net = read_convnet(YamlValue::parse(expected.text, "net.yaml"));
    EXPECT_EQ(net.parameters(), expected.parameters);
    EXPECT_EQ(net.forward_flops(), expected.flops);
    EXPECT_LE(net.backward_flops(), 2 * expected.flops);
    EXPECT_GE(net.backward_flops(), expected.flops);
    const ConvNet::Shape& shape = net.layers.back().shape;
    EXPECT_EQ(shape.channels, expected.channels);
    EXPECT_EQ(shape.height, expected.height);
    EXPECT_EQ(shape.width, expected.width);
  }
}

// Three times the same layers are those layers three times.
TEST(ConvNet, RepeatIsWritingItOut) {
  const std::string block = "{conv: {channels: 3, kernel: 3}}, norm, relu";
  const std::string head = "input: {channels: 3, height: 9, width: 9}\nlayers: [";
  const ConvNet repeated =
      read_convnet(YamlValue::parse(head + "{repeat: {times: 3, layers: [" + block + "]}}]\n", "net.yaml"));
  const ConvNet written =
      read_convnet(YamlValue::parse(head + block + ", " + block + ", " + block + "]\n", "net.yaml"));
  EXPECT_EQ(repeated.layers.size(), written.layers.size());
  EXPECT_EQ(repeated.parameters(), written.parameters());
  EXPECT_EQ(repeated.forward_flops(), written.forward_flops());
  EXPECT_EQ(repeated.kept_elements(), written.kept_elements());
}

// Parameters and FLOP are linear in layers and vocabulary, and Narayanan et al.'s formula where heads are
// ordinary: 72 s l h^2 (1 + s/6h + V/12lh).
TEST(Architecture, RandomOnesFollowTheFormula) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    Dice dice(seed);
    TransformerArchitecture model{.name = "random"};
    model.layers = 1 + dice.below(40);
    model.heads = 1 << dice.below(6);
    model.head_dim = 32 << dice.below(3);
    model.kv_heads = model.heads;
    model.hidden = model.heads * model.head_dim;
    model.ffn = 4 * model.hidden;
    model.sequence = 128 << dice.below(5);
    model.vocabulary = 1000 + dice.below(50000);
    model.tied_embeddings = dice.coin();
    const auto h = static_cast<double>(model.hidden);
    const auto s = static_cast<double>(model.sequence);
    const auto l = static_cast<double>(model.layers);
    const auto v = static_cast<double>(model.vocabulary);
    const double flop = 72 * s * l * h * h * (1 + s / (6 * h) + v / (12 * l * h));
    EXPECT_NEAR(model_flop_per_sequence(model), flop, 6 * s * l * 20 * h) << "norms and biases beside";
    TransformerArchitecture deeper = model;
    deeper.layers += 3;
    EXPECT_DOUBLE_EQ(parameters(deeper) - parameters(model), 3 * dense_layer_parameters(model));
    TransformerArchitecture wordier = model;
    wordier.vocabulary += 100;
    EXPECT_DOUBLE_EQ(parameters(wordier) - parameters(model), (model.tied_embeddings ? 100 : 200) * h);
    EXPECT_DOUBLE_EQ(active_parameters(model), parameters(model)) << "a dense model's are all active";
    EXPECT_NEAR(dense_layer_parameters(model), 12 * h * h, 20 * h) << "4 h^2 of attention, 8 h^2 of the FFN";
    TransformerArchitecture grouped = model;
    grouped.kv_heads = 1;
    EXPECT_NEAR(dense_layer_parameters(model) - dense_layer_parameters(grouped),
                2 * h * static_cast<double>((model.heads - 1) * model.head_dim), 8 * h);
  }
}

}  // namespace
}  // namespace bandwright
