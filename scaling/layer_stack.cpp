#include "scaling/layer_stack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "core/catalogue.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_channels = 1'000'000;
constexpr std::int64_t longest_side = 65'536;
constexpr std::int64_t largest_kernel = 1'000;
constexpr std::size_t most_layers = 1'000;
constexpr double largest_count = 1e15;  // of anything in one layer: a thousand layers still fit 64 bits

struct Shape {
  std::int64_t channels = 1;
  std::int64_t height = 1;
  std::int64_t width = 1;
  [[nodiscard]] double elements() const {
    return static_cast<double>(channels * height) * static_cast<double>(width);
  }
};

std::int64_t optional_integer(const YamlValue& map, std::string_view key, std::int64_t usual,
                              std::int64_t most) {
  const auto value = map.find(key);
  return value ? value->as_integer(1, most) : usual;
}

bool optional_bool(const YamlValue& map, std::string_view key, bool usual) {
  const auto value = map.find(key);
  return value ? value->as_bool() : usual;
}

Shape read_shape(const YamlValue& map) {
  return {.channels = map.at("channels").as_integer(1, most_channels),
          .height = optional_integer(map, "height", 1, longest_side),
          .width = optional_integer(map, "width", 1, longest_side)};
}

// A layer's counts in floating point, so that absurd ones are refused before they overflow.
struct Counts {
  double weights = 0.0;
  double biases = 0.0;
  double flops = 0.0;
};

using Build = Counts (*)(const YamlValue& map, const Shape& in, Shape& out);

std::int64_t divided_up(std::int64_t size, std::int64_t stride) { return (size + stride - 1) / stride; }

Counts filter_counts(std::int64_t kernel, const Shape& in, const Shape& out, const Shape& positions) {
  const double weights = static_cast<double>(kernel * kernel) * static_cast<double>(in.channels) *
                         static_cast<double>(out.channels);
  return {.weights = weights,
          .biases = static_cast<double>(out.channels),
          .flops = 2.0 * weights * static_cast<double>(positions.height * positions.width)};
}

Counts conv(const YamlValue& map, const Shape& in, Shape& out) {
  map.require_keys({"channels", "kernel", "stride", "norm", "bias"});
  const std::int64_t stride = optional_integer(map, "stride", 1, longest_side);
  out = {.channels = map.at("channels").as_integer(1, most_channels),
         .height = divided_up(in.height, stride),
         .width = divided_up(in.width, stride)};
  return filter_counts(map.at("kernel").as_integer(1, largest_kernel), in, out, out);
}

Counts deconv(const YamlValue& map, const Shape& in, Shape& out) {
  map.require_keys({"channels", "kernel", "stride", "norm", "bias"});
  const std::int64_t stride = optional_integer(map, "stride", 1, longest_side);
  out = {.channels = map.at("channels").as_integer(1, most_channels),
         .height = in.height * stride,
         .width = in.width * stride};
  if (out.height > longest_side || out.width > longest_side) map.fail("the image grows too large");
  return filter_counts(map.at("kernel").as_integer(1, largest_kernel), in, out, in);
}

Counts dense(const YamlValue& map, const Shape& in, Shape& out) {
  map.require_keys({"channels", "height", "width", "norm", "bias"});
  out = read_shape(map);
  const double weights = in.elements() * out.elements();
  return {.weights = weights, .biases = out.elements(), .flops = 2.0 * weights};
}

Counts pool(const YamlValue& map, const Shape& in, Shape& out) {
  map.require_keys({"stride"});
  const std::int64_t stride = map.at("stride").as_integer(1, longest_side);
  out = {.channels = in.channels,
         .height = divided_up(in.height, stride),
         .width = divided_up(in.width, stride)};
  return {};
}

struct LayerKind {
  std::string_view name;
  std::string_view help;
  Build build;
};
constexpr std::array layer_kinds = {
    LayerKind{"conv", "convolution", conv}, LayerKind{"deconv", "transposed convolution", deconv},
    LayerKind{"dense", "fully connected", dense}, LayerKind{"pool", "pooling", pool}};

const LayerKind& kind_of(const std::string& name, const YamlValue& item) {
  try {
    return find_in_catalogue<LayerKind>(layer_kinds, name, "layer");
  } catch (const InputError& error) {
    item.fail(error.what());
  }
}

LayerStack::Layer read_layer(const YamlValue& item, std::size_t number, Shape& shape) {
  const auto entries = item.entries();
  if (entries.size() != 1) item.fail("expected one layer, such as conv: {channels: 64, kernel: 5}");
  const auto& [name, map] = entries.front();
  const LayerKind& kind = kind_of(name, item);
  Shape out;
  const Counts counts = kind.build(map, shape, out);
  double parameters = counts.weights;
  if (counts.weights > 0.0) {
    if (optional_bool(map, "bias", true)) parameters += counts.biases;
    if (optional_bool(map, "norm", false)) parameters += 2.0 * static_cast<double>(out.channels);
  }
  if (!(std::max({parameters, counts.flops, out.elements()}) <= largest_count))
    map.fail("the layer is too large");
  shape = out;
  return {.name = fmt::format("{} {}", name, number),
          .parameters = static_cast<std::int64_t>(parameters),
          .flops = static_cast<std::int64_t>(counts.flops),
          .output_elements = static_cast<std::int64_t>(out.elements())};
}

std::int64_t sum(const std::vector<LayerStack::Layer>& layers, std::int64_t LayerStack::Layer::*count) {
  return std::accumulate(
      layers.begin(), layers.end(), std::int64_t{0},
      [&](std::int64_t total, const LayerStack::Layer& layer) { return total + layer.*count; });
}

}  // namespace

std::int64_t LayerStack::parameters() const { return sum(layers, &Layer::parameters); }
std::int64_t LayerStack::forward_flops() const { return sum(layers, &Layer::flops); }
std::int64_t LayerStack::output_elements() const { return sum(layers, &Layer::output_elements); }
std::int64_t LayerStack::backward_flops() const { return 2 * forward_flops() - layers.front().flops; }

LayerStack read_layer_stack(const YamlValue& map) {
  map.require_keys({"input", "layers"});
  const YamlValue input = map.at("input");
  input.require_keys({"channels", "height", "width"});
  Shape shape = read_shape(input);
  LayerStack stack;
  for (const YamlValue& item : map.at("layers").items()) {
    if (stack.layers.size() == most_layers) item.fail(fmt::format("more than {} layers", most_layers));
    stack.layers.push_back(read_layer(item, stack.layers.size() + 1, shape));
  }
  if (stack.parameters() == 0) map.at("layers").fail("expected a layer with parameters");
  return stack;
}

}  // namespace bandwright
