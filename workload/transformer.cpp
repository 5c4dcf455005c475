#include "workload/transformer.h"

#include <fmt/format.h>

#include <cmath>

#include "core/fields.h"
#include "topology/network.h"
#include "workload/layer_operators.h"

namespace bandwright {
namespace {

constexpr double largest_bytes = 0x1p50;

// Heads matter only in that TP divides them.
TransformerArchitecture architecture_of(const TransformerShape& shape) {
  return {.layers = shape.layers,
          .hidden = shape.hidden,
          .heads = shape.tensor_parallel,
          .kv_heads = shape.tensor_parallel,
          .head_dim = shape.hidden / shape.tensor_parallel,
          .ffn = 4 * shape.hidden,
          .sequence = shape.sequence};
}

// Prices the operators of a layer.
class Table {
 public:
  explicit Table(const TransformerShape& shape)
      : shape_(shape),
        model_(architecture_of(shape)),
        tokens_(static_cast<double>(shape.tokens_per_replica)),
        m_(static_cast<double>(shape.tensor_parallel)),
        reduced_(reduced_elements(model_, tokens_)) {}

  // The artifact lists the three parts of the first projection by themselves, halves the core's products and
  // gathers the gradient of attention-out's inputs.
  [[nodiscard]] std::vector<Line> layer() const {
    const ProjectionList attention = attention_projections(model_);
    const ProjectionList mlp = ffn_projections(model_, model_.ffn);
    const Projection part{attention[0].in, attention[0].out / 3};
    const auto s = static_cast<double>(shape_.sequence);
    const AttentionGemms core = attention_gemms(model_, s, tokens_ / s);  // one head per NPU and sequence
    std::vector<Line> lines = {projection("Q", part),
                               projection("K", part),
                               projection("V", part),
                               line("QK", causal_share * core.scores().flop()),
                               line("softmax", causal_share * core.values().flop()),
                               projection("attention-out", attention[1]),
                               projection("MLP-1.", mlp[0]),
                               projection("MLP-2.", mlp[1]),
                               line("norm", 2.0 * reduced_)};
    constexpr std::size_t q = 0, attention_out = 5, mlp_1 = 6, mlp_2 = 7;
    for (const auto& [first, last] : {std::pair{q, attention_out}, std::pair{mlp_1, mlp_2}}) {
      lines[first].input_gradient.communication = lines[last].forward.communication =
          call(Axis::Tensor, CollectiveKind::AllReduce, reduced_);
    }
    lines[attention_out].input_gradient.communication =
        call(Axis::Tensor, CollectiveKind::AllGather, reduced_ / m_);
    lines.back().checkpoint = true;
    return lines;
  }

 private:
  [[nodiscard]] Communication call(Axis axis, CollectiveKind kind, double elements) const {
    const double size = static_cast<double>(shape_.bytes_per_element) * elements;
    if (size > largest_bytes) throw InputError("a collective of this transformer exceeds 1 PiB");
    return {axis, {kind, Bytes(std::llround(size))}};
  }

  [[nodiscard]] Line line(std::string name, double flop) const {
    const double ns = flop / shape_.gemm_rate.value() * 1e9;
    if (ns > 1e12) throw InputError("an operator of this transformer takes more than 1000 s");
    const Pass pass{Time(std::llround(ns) * 1000), {}};
    return {.name = std::move(name), .forward = pass, .input_gradient = pass, .weight_gradient = pass};
  }

  [[nodiscard]] Line projection(std::string name, const Projection& weights) const {
    Line result = line(std::move(name), projection_gemms(weights, tokens_, m_).forward.flop());
    result.weight_gradient.communication =
        call(Axis::Data, CollectiveKind::AllReduce, weights.parameters() / m_);
    return result;
  }

  const TransformerShape& shape_;
  TransformerArchitecture model_;
  double tokens_;
  double m_;
  double reduced_;
};

}  // namespace

Model transformer_model(std::string name, const TransformerShape& shape) {
  if (shape.hidden % shape.tensor_parallel != 0) {
    throw InputError(
        fmt::format("tensor_parallel {} does not divide hidden {}", shape.tensor_parallel, shape.hidden));
  }
  Model model{.name = std::move(name), .tensor_parallel = shape.tensor_parallel};
  const std::vector<Line> layer = Table(shape).layer();
  for (std::int64_t number = 1; number <= shape.layers; ++number) {
    for (const Line& line : layer) {
      model.lines.push_back(line);
      model.lines.back().name += std::to_string(number);
    }
  }
  return model;
}

const Fields<TransformerTable>& transformer_table_fields() {
  using S = TransformerShape;
  static const Fields<S> shape_fields(
      "transformer", "a sample of a transformer's layers",
      required("layers", &S::layers, kinds::integer(1, 1000), "of the sample"),
      required("hidden", &S::hidden, kinds::integer(1, 1 << 20), "elements of a token between layers, h"),
      required("tokens_per_replica", &S::tokens_per_replica, kinds::integer(1, 1LL << 32), "of a step, t"),
      required("sequence", &S::sequence, kinds::integer(1, 1LL << 32), "tokens of a sequence, s"),
      required("tensor_parallel", &S::tensor_parallel, kinds::integer(1, max_npus),
               "NPUs of the TP group; divides h"),
      optional("bytes_per_element", &S::bytes_per_element, kinds::integer(1, 16),
               "of activations and gradients"),
      required("gemm_rate", &S::gemm_rate, kinds::flop_rate(), "of a matrix multiplication, R"));
  static const Fields<TransformerTable> fields(
      "layer-table", "a layer table by the hyperparameters of a transformer",
      required("name", &TransformerTable::name, kinds::text(), "what lists and answers call it"),
      optional("help", &TransformerTable::help, kinds::text(), "one line for lists"),
      required("transformer", &TransformerTable::shape, kinds::object(shape_fields),
               "that the table is made of"));
  return fields;
}

}  // namespace bandwright
