#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "workload/convnet.h"

namespace bandwright {
namespace {

using Op = ConvNet::Op;
using Shape = ConvNet::Shape;
constexpr std::size_t most_layers = 20000;
constexpr int deepest = 20;
constexpr std::int64_t longest_side = 100'000;
constexpr double largest_count = 1e13;  // of anything in one layer: all layers together still fit 64 bits

struct Filter {
  std::int64_t height = 1, width = 1, stride = 1;
  bool valid = false;  // no padding
};

Shape read_shape(const YamlValue& map) {
  const auto side = [&](std::string_view key) {
    const auto value = map.find(key);
    return value ? value->as_integer(1, longest_side) : std::int64_t{1};
  };
  return {map.at("channels").as_integer(1, 100'000'000), side("height"), side("width")};
}

class Reader {
 public:
  Reader(ConvNet& network, bool bias) : network_(network), bias_(bias) {}

  // Adds a list of layers working on `input`; the last one's index.
  int read_list(const YamlValue& list, int input, int depth) {
    if (depth > deepest) list.fail("layers are nested too deeply");
    for (const YamlValue& item : list.items()) input = read_layer(item, input, depth);
    return input;
  }

 private:
  int read_layer(const YamlValue& item, int input, int depth) {
    if (!item.is_map()) return read_plain(item, input);
    const auto entries = item.entries();
    if (entries.size() != 1) item.fail("expected one layer, such as conv: {channels: 64, kernel: 3}");
    const auto& [kind, value] = entries.front();
    if (kind == "conv") return conv(value, input);
    if (kind == "deconv") return deconv(value, input);
    if (kind == "dense") return dense(value, input);
    if (kind == "max-pool") return pool(value, input, Op::MaxPool);
    if (kind == "average-pool") return pool(value, input, Op::AveragePool);
    if (kind == "concat") return join(value, input, Op::Concat, depth);
    if (kind == "add") return join(value, input, Op::Add, depth);
    if (kind == "repeat") return repeat(value, input, depth);
    value.fail(fmt::format(
        "unknown layer '{}' (choices: conv, deconv, dense, max-pool, average-pool, concat, add, repeat; "
        "without values: norm, relu, norm-relu, global-pool)",
        kind));
  }

  int read_plain(const YamlValue& item, int input) {
    const std::string kind = item.as_string();
    const Shape& shape = network_.layers[input].shape;
    if (kind == "relu") return add(item, {.op = Op::Relu, .inputs = {input}, .shape = shape});
    if (kind == "norm") return add(item, {.op = Op::Norm, .inputs = {input}, .shape = shape});
    if (kind == "norm-relu") return add(item, {.op = Op::NormRelu, .inputs = {input}, .shape = shape});
    if (kind == "global-pool") {
      return add(item, {.op = Op::AveragePool,
                        .inputs = {input},
                        .shape = {shape.channels, 1, 1},
                        .kernel_height = shape.height,
                        .kernel_width = shape.width});
    }
    item.fail(
        fmt::format("unknown layer '{}' (choices: norm, relu, norm-relu, global-pool, or a map such as conv: "
                    "{{channels: 64, kernel: 3}})",
                    kind));
  }

  static Filter filter(const YamlValue& map) {
    Filter filter;
    const YamlValue kernel = map.at("kernel");
    if (kernel.is_list()) {
      const auto sides = kernel.items();
      if (sides.size() != 2) kernel.fail("expected a size or [height, width]");
      filter.height = sides[0].as_integer(1, 1000);
      filter.width = sides[1].as_integer(1, 1000);
    } else {
      filter.height = filter.width = kernel.as_integer(1, 1000);
    }
    if (const auto stride = map.find("stride")) filter.stride = stride->as_integer(1, 1000);
    if (const auto padding = map.find("padding")) {
      const std::string word = padding->as_string();
      if (word != "same" && word != "valid") padding->fail("expected same or valid");
      filter.valid = word == "valid";
    }
    return filter;
  }

  // same: ceil(size / stride); valid: floor((size - kernel) / stride) + 1.
  static Shape filtered(const YamlValue& where, const Shape& in, const Filter& filter,
                        std::int64_t channels) {
    const auto side = [&](std::int64_t size, std::int64_t kernel) {
      if (!filter.valid) return (size + filter.stride - 1) / filter.stride;
      if (kernel > size)
        where.fail(fmt::format("the kernel of {} is larger than the image of {}", kernel, size));
      return (size - kernel) / filter.stride + 1;
    };
    return {channels, side(in.height, filter.height), side(in.width, filter.width)};
  }

  static bool flag(const YamlValue& map, std::string_view key, bool usual = false) {
    const auto value = map.find(key);
    return value ? value->as_bool() : usual;
  }

  int conv(const YamlValue& map, int input) {
    map.require_keys({"channels", "kernel", "stride", "padding", "relu", "norm", "bias"});
    const Filter f = filter(map);
    const Shape shape =
        filtered(map, network_.layers[input].shape, f, map.at("channels").as_integer(1, 1'000'000));
    return add_weighted(map, Op::Conv, input, shape, f, bias_);
  }

  int deconv(const YamlValue& map, int input) {
    map.require_keys({"channels", "kernel", "stride", "relu", "norm", "bias"});
    const Filter f = filter(map);
    const Shape in = network_.layers[input].shape;
    const Shape shape = {map.at("channels").as_integer(1, 1'000'000), in.height * f.stride,
                         in.width * f.stride};
    if (std::max(shape.height, shape.width) > longest_side) map.fail("the image grows too large");
    return add_weighted(map, Op::Deconv, input, shape, f, bias_);
  }

  int dense(const YamlValue& map, int input) {
    map.require_keys({"channels", "height", "width", "relu", "norm", "bias"});
    const Shape in = network_.layers[input].shape;
    return add_weighted(map, Op::Dense, input, read_shape(map), {.height = in.height, .width = in.width},
                        true);
  }

  int add_weighted(const YamlValue& map, Op op, int input, const Shape& shape, const Filter& kernel,
                   bool usual_bias) {
    return add(map, {.op = op,
                     .inputs = {input},
                     .shape = shape,
                     .kernel_height = kernel.height,
                     .kernel_width = kernel.width,
                     .relu = flag(map, "relu"),
                     .norm = flag(map, "norm"),
                     .bias = flag(map, "bias", usual_bias)});
  }

  int pool(const YamlValue& map, int input, Op op) {
    map.require_keys({"kernel", "stride", "padding"});
    const Filter f = filter(map);
    const Shape in = network_.layers[input].shape;
    return add(map, {.op = op,
                     .inputs = {input},
                     .shape = filtered(map, in, f, in.channels),
                     .kernel_height = f.height,
                     .kernel_width = f.width});
  }

  int join(const YamlValue& branches, int input, Op op, int depth) {
    std::vector<int> ends;
    for (const YamlValue& branch : branches.items()) ends.push_back(read_list(branch, input, depth + 1));
    if (ends.size() < 2) branches.fail("expected two or more branches");
    Shape shape = network_.layers[ends.front()].shape;
    if (op == Op::Concat) shape.channels = 0;
    for (const int end : ends) {
      const Shape& other = network_.layers[end].shape;
      if (op == Op::Concat) shape.channels += other.channels;
      const bool fits = other.height == shape.height && other.width == shape.width &&
                        (op == Op::Concat || other.channels == shape.channels);
      if (!fits) {
        branches.fail(fmt::format("branches end with different shapes: {}x{}x{} and {}x{}x{}",
                                  network_.layers[ends.front()].shape.channels, shape.height, shape.width,
                                  other.channels, other.height, other.width));
      }
    }
    return add(branches, {.op = op, .inputs = std::move(ends), .shape = shape});
  }

  int repeat(const YamlValue& map, int input, int depth) {
    map.require_keys({"times", "layers"});
    const std::int64_t times = map.at("times").as_integer(1, 10000);
    const YamlValue layers = map.at("layers");
    if (layers.items().empty()) layers.fail("expected layers");
    for (std::int64_t i = 0; i < times; ++i) input = read_list(layers, input, depth + 1);
    return input;
  }

  int add(const YamlValue& where, ConvNet::Layer layer) {
    if (network_.layers.size() >= most_layers) where.fail(fmt::format("more than {} layers", most_layers));
    static constexpr std::array<std::string_view, 11> names = {
        "input",    "conv",         "deconv", "relu",   "norm", "norm-relu",
        "max-pool", "average-pool", "dense",  "concat", "add"};
    layer.name = fmt::format("{}-{}", names[static_cast<std::size_t>(layer.op)], network_.layers.size());
    count(where, layer);
    network_.layers.push_back(std::move(layer));
    return static_cast<int>(network_.layers.size()) - 1;
  }

  // In floating point, so that absurd layers are refused before they overflow.
  void count(const YamlValue& where, ConvNet::Layer& layer) const {
    const Shape& in = network_.layers[layer.inputs.front()].shape;
    const bool dense = layer.op == Op::Dense;
    double weights = 0.0;
    double positions = 1.0;
    if (layer.op == Op::Conv || layer.op == Op::Deconv) {
      weights = static_cast<double>(layer.kernel_height * layer.kernel_width) *
                static_cast<double>(in.channels) * static_cast<double>(layer.shape.channels);
      const Shape& at = layer.op == Op::Conv ? layer.shape : in;
      positions = static_cast<double>(at.height) * static_cast<double>(at.width);
    } else if (dense) {
      weights = in.elements() * layer.shape.elements();
    }
    const bool normal = layer.norm || layer.op == Op::Norm || layer.op == Op::NormRelu;
    const auto channels = static_cast<double>(layer.shape.channels);
    const double biases = layer.bias ? (dense ? layer.shape.elements() : channels) : 0.0;
    const double flops = 2.0 * weights * positions;
    if (!(std::max({weights, flops, layer.shape.elements()}) <= largest_count)) {
      where.fail("the layer is too large");
    }
    layer.weights = static_cast<std::int64_t>(weights);
    layer.parameters = static_cast<std::int64_t>(weights + biases + (normal ? 2.0 * channels : 0.0));
    layer.flops = static_cast<std::int64_t>(flops);
  }

  ConvNet& network_;
  bool bias_;  // of convolutions that do not say
};

}  // namespace

ConvNet read_convnet(const YamlValue& map) {
  const YamlValue input = map.at("input");
  input.require_keys({"channels", "height", "width"});
  ConvNet network;
  network.layers.push_back({.name = "input", .shape = read_shape(input)});
  const auto bias = map.find("bias");
  const YamlValue layers = map.at("layers");
  Reader(network, !bias || bias->as_bool()).read_list(layers, 0, 0);
  if (network.layers.size() == 1) layers.fail("expected layers");
  return network;
}

}  // namespace bandwright
