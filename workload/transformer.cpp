#include "workload/transformer.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace bandwright {
namespace {

constexpr double largest_bytes = 0x1p50;

Communication reduce(Axis axis, double bytes, CollectiveKind kind = CollectiveKind::AllReduce) {
  if (bytes > largest_bytes) throw InputError("a collective of this transformer exceeds 1 PiB");
  return {axis, {kind, Bytes(std::llround(bytes))}};
}

// Everything the nine lines are made of.
struct Parts {
  explicit Parts(const TransformerShape& shape);
  [[nodiscard]] Time compute(double flop, double npus) const;

  double h, t, s, m, e, rate;
  Communication activations;  // all-reduce of e t h bytes over TP
  Communication shards;       // all-gather of e t h / m bytes over TP
};

Parts::Parts(const TransformerShape& shape)
    : h(static_cast<double>(shape.hidden)),
      t(static_cast<double>(shape.tokens_per_replica)),
      s(static_cast<double>(shape.sequence)),
      m(static_cast<double>(shape.tensor_parallel)),
      e(static_cast<double>(shape.bytes_per_element)),
      rate(shape.gemm_rate.value()),
      activations(reduce(Axis::Tensor, e * t * h)),
      shards(reduce(Axis::Tensor, e * t * h / m, CollectiveKind::AllGather)) {}

Time Parts::compute(double flop, double npus) const {
  const double ns = flop / (npus * rate) * 1e9;
  if (ns > 1e12) throw InputError("an operator of this transformer takes more than 1000 s");
  return Time(std::llround(ns) * 1000);
}

Line line(std::string name, Time compute) {
  return {.name = std::move(name),
          .forward = {compute, {}},
          .input_gradient = {compute, {}},
          .weight_gradient = {compute, {}}};
}

// A matrix multiplication by `matrices` blocks of h x h weights.
Line gemm(std::string name, const Parts& p, double matrices) {
  Line result = line(std::move(name), p.compute(2.0 * matrices * p.t * p.h * p.h, p.m));
  result.weight_gradient.communication = reduce(Axis::Data, matrices * p.e * p.h * p.h / p.m);
  return result;
}

void append_layer(std::vector<Line>& lines, const Parts& p, std::int64_t number) {
  const auto named = [&](std::string_view what) { return fmt::format("{}{}", what, number); };
  Line q = gemm(named("Q"), p, 1.0);
  q.input_gradient.communication = p.activations;
  Line attention_out = gemm(named("attention-out"), p, 1.0);
  attention_out.forward.communication = p.activations;
  attention_out.input_gradient.communication = p.shards;
  Line mlp_1 = gemm(named("MLP-1."), p, 4.0);
  mlp_1.input_gradient.communication = p.activations;
  Line mlp_2 = gemm(named("MLP-2."), p, 4.0);
  mlp_2.forward.communication = p.activations;
  Line norm = line(named("norm"), p.compute(2.0 * p.t * p.h, 1.0));
  norm.checkpoint = true;

  const Time attention = p.compute(p.t * p.s * p.h, p.m);
  for (Line& next :
       std::array{std::move(q), gemm(named("K"), p, 1.0), gemm(named("V"), p, 1.0),
                  line(named("QK"), attention), line(named("softmax"), attention), std::move(attention_out),
                  std::move(mlp_1), std::move(mlp_2), std::move(norm)}) {
    lines.push_back(std::move(next));
  }
}

}  // namespace

Model transformer_model(std::string name, const TransformerShape& shape) {
  if (shape.hidden % shape.tensor_parallel != 0) {
    throw InputError(
        fmt::format("tensor_parallel {} does not divide hidden {}", shape.tensor_parallel, shape.hidden));
  }
  Model model{.name = std::move(name), .tensor_parallel = shape.tensor_parallel};
  const Parts parts(shape);
  for (std::int64_t layer = 1; layer <= shape.layers; ++layer) append_layer(model.lines, parts, layer);
  return model;
}

TransformerShape read_transformer(const YamlValue& map) {
  map.require_keys({"layers", "hidden", "tokens_per_replica", "sequence", "tensor_parallel",
                    "bytes_per_element", "gemm_rate"});
  TransformerShape shape{.layers = map.at("layers").as_integer(1, 1000),
                         .hidden = map.at("hidden").as_integer(1, 1 << 20),
                         .tokens_per_replica = map.at("tokens_per_replica").as_integer(1, 1LL << 32),
                         .sequence = map.at("sequence").as_integer(1, 1LL << 32),
                         .tensor_parallel = map.at("tensor_parallel").as_integer(1, max_npus),
                         .bytes_per_element = 2,
                         .gemm_rate = map.at("gemm_rate").as_flop_rate()};
  if (const auto value = map.find("bytes_per_element")) shape.bytes_per_element = value->as_integer(1, 16);
  return shape;
}

}  // namespace bandwright
