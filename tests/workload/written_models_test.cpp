// Models as files: written and read they are the same, other line ends and marks change nothing, and what
// times and bytes are scaled by is a factor.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/fields.h"
#include "tests/support/refused.h"
#include "workload/architecture.h"
#include "workload/hugging_face.h"
#include "workload/image_model.h"
#include "workload/model.h"
#include "workload/parameters.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

// A layer table of anything that one may hold.
Model any_table(unsigned seed) {
  std::mt19937_64 random(seed);
  const auto draw = [&](std::uint64_t below) { return static_cast<std::int64_t>(random() % below); };
  Model model{.name = fmt::format("m {}: \"x\"", seed), .tensor_parallel = 1 + draw(1024)};
  if (seed % 2 == 0) model.help = "# no comment";
  const auto pass = [&] {
    Pass result{.compute = picoseconds(draw(2) == 0 ? 0 : draw(1'000'000'000'000'000))};
    if (draw(2) == 0) {
      const auto kinds = collective_kinds();
      result.communication = {
          static_cast<Axis>(draw(3)),
          {kinds[static_cast<std::size_t>(draw(kinds.size()))].kind, Bytes(1 + draw(1LL << 50))}};
    }
    return result;
  };
  for (std::int64_t lines = 1 + draw(6); lines > 0; --lines) {
    model.lines.push_back({.name = fmt::format("line {}", lines),
                           .forward = pass(),
                           .input_gradient = pass(),
                           .weight_gradient = pass(),
                           .checkpoint = draw(2) == 0});
  }
  return model;
}

void expect_equal(const Model& read, const Model& model) {
  EXPECT_EQ(read.name, model.name);
  EXPECT_EQ(read.help, model.help);
  EXPECT_EQ(read.tensor_parallel, model.tensor_parallel);
  ASSERT_EQ(read.lines.size(), model.lines.size());
  for (std::size_t i = 0; i < model.lines.size(); ++i) {
    EXPECT_EQ(read.lines[i].name, model.lines[i].name);
    EXPECT_EQ(read.lines[i].forward, model.lines[i].forward);
    EXPECT_EQ(read.lines[i].input_gradient, model.lines[i].input_gradient);
    EXPECT_EQ(read.lines[i].weight_gradient, model.lines[i].weight_gradient);
    EXPECT_EQ(read.lines[i].checkpoint, model.lines[i].checkpoint);
  }
}

TEST(LayerTables, AreReadAsTheyWereWritten) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const Model model = any_table(seed);
    const std::string text = layer_table_fields().file_text(model);
    expect_equal(read_model(YamlValue::parse(text, "m.yaml")), model);
    std::string other = "\xEF\xBB\xBF";
    for (const char c : text) other += c == '\n' ? std::string("\r\n") : std::string(1, c);
    expect_equal(read_model(YamlValue::parse(other, "m.yaml")), model);
  }
}

// All bytes of weight gradients in the first line: nothing is lost, and once is enough.
TEST(LayerTables, FusedTablesKeepTheirBytes) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Model model = any_table(seed);
    std::int64_t bytes = 0;
    for (Line& line : model.lines) {
      if (auto& part = line.weight_gradient.communication) {
        *part = {Axis::Data,
                 {CollectiveKind::AllReduce, Bytes(part->collective.bytes.value() % 1'000'000'000 + 1)}};
        bytes += part->collective.bytes.value();
      }
    }
    const Model fused = fuse_weight_gradients(model);
    std::int64_t kept = 0;
    for (std::size_t i = 0; i < fused.lines.size(); ++i) {
      const auto& part = fused.lines[i].weight_gradient.communication;
      EXPECT_TRUE(i == 0 || !part);
      if (part) kept += part->collective.bytes.value();
      EXPECT_EQ(fused.lines[i].forward, model.lines[i].forward);
      EXPECT_EQ(fused.lines[i].weight_gradient.compute, model.lines[i].weight_gradient.compute);
    }
    EXPECT_EQ(kept, bytes) << seed;
    expect_equal(fuse_weight_gradients(fused), fused);
  }
}

// One line of compute, by each way of rounding.
Time scaled_compute(Time compute, double factor, ComputeRounding rounding) {
  Model model{.name = "one"};
  model.lines.push_back({.name = "line", .forward = {.compute = compute}});
  const LoopOptions options{.compute_scale = factor, .rounding = rounding};
  const Step step = build_step(model, parse_network("Ring(2)"), training_loop("NoOverlap"), options);
  Time sum;
  for (const Operation& operation : step.operations) sum += operation.duration;
  return sum;
}

// Longer passes are never shorter when scaled, a factor of one changes nothing but fractions of a nanosecond,
// and beyond the clock there is no time.
TEST(ComputeScale, IsAFactor) {
  for (const ComputeRounding rounding : {ComputeRounding::NearestPicosecond, ComputeRounding::WholeNsFloat32,
                                         ComputeRounding::WholeNsFloat64}) {
    // In whole nanoseconds the factor has the 24 bits of a float, as in the reference.
    const double digits = rounding == ComputeRounding::NearestPicosecond ? 1e-9 : 1e-6;
    for (const double factor : {0.001, 0.26, 1.0, 3.7, 1e6}) {
      Time before;
      for (double ns = 1.0; ns * factor < 8e15 && ns < 8e15; ns *= 7.3) {
        const Time compute = nanoseconds(ns);
        const Time scaled = scaled_compute(compute, factor, rounding);
        EXPECT_GE(scaled, before);
        before = scaled;
        EXPECT_NEAR(to_ns(scaled), to_ns(compute) * factor, 1.0 + digits * ns * factor);
      }
      const Time longest = clock_end;
      if (factor > 1.0) {
        EXPECT_THAT(refused([&] { return scaled_compute(longest, factor, rounding); }),
                    testing::HasSubstr("beyond the clock of 100 days"));
      } else {
        EXPECT_NEAR(to_ns(scaled_compute(longest, factor, rounding)), 8.64e15 * factor, digits * 8.64e15);
      }
    }
  }
}

std::string config(const std::string& rest) {
  return "{\"model_type\": \"llama\", \"hidden_size\": 4096, \"num_hidden_layers\": 32, "
         "\"num_attention_heads\": 32, \"intermediate_size\": 11008, \"vocab_size\": 32000" +
         rest + "}";
}
TransformerArchitecture read_config(const std::string& text) {
  return read_hugging_face(text, "config.json");
}

// Keys in any order, with marks, line ends, Python's numbers and what changes nothing.
TEST(Configs, OfOneModelAreOne) {
  const std::string content = architecture_fields().content(read_config(config("")));
  for (const std::string& other : {config(", \"torch_dtype\": \"bfloat16\", \"use_cache\": true"),
                                   "\xEF\xBB\xBF" + config(""), config(",\r\n\"bos_token_id\": 1\r\n"),
                                   config(", \"rope_scaling\": null, \"num_key_value_heads\": 32"),
                                   config(", \"attention_dropout\": NaN, \"x\": -Infinity")}) {
    EXPECT_EQ(architecture_fields().content(read_config(other)), content) << other;
  }
}

TEST(Configs, CutShortOrDamagedAreRefusedByName) {
  const std::string whole = config(", \"num_key_value_heads\": 8");
  for (std::size_t length = 0; length < whole.size(); length += 3) {
    EXPECT_THAT(refused([&] { return read_config(whole.substr(0, length)); }),
                testing::StartsWith("config.json: "))
        << length;
  }
  for (const auto& [key, value] :
       {std::pair("hidden_size", "\"4096\""), std::pair("hidden_size", "4096.5"),
        std::pair("hidden_size", "-1"), std::pair("num_hidden_layers", "1e30"),
        std::pair("num_hidden_layers", "[32, 31]"), std::pair("num_hidden_layers", "{}"),
        std::pair("vocab_size", "true"), std::pair("vocab_size", "99999999999999999999")}) {
    std::string damaged = whole;
    const std::size_t at = damaged.find(key) + std::string(key).size() + 3;
    damaged.replace(at, damaged.find(',', at) - at, value);
    EXPECT_THAT(refused([&] { return read_config(damaged); }),
                testing::StartsWith(fmt::format("config.json: {}: ", key)))
        << damaged;
  }
}

// Twice the layers are twice the layers' parameters and FLOP; what is outside of them stays.
TEST(Configs, LayersAreCountedOnceEach) {
  const auto with_layers = [](int layers) {
    std::string text = config("");
    return read_config(text.replace(text.find("32,"), 3, fmt::format("{},", layers)));
  };
  const double one = parameters(with_layers(1));
  const double two = parameters(with_layers(2));
  for (const int layers : {3, 32, 200}) {
    EXPECT_NEAR(parameters(with_layers(layers)), one + (layers - 1) * (two - one), 0.5) << layers;
  }
}

}  // namespace
}  // namespace bandwright
