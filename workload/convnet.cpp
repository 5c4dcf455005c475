#include "workload/convnet.h"

#include <numeric>

namespace bandwright {
namespace {

std::int64_t sum(const std::vector<ConvNet::Layer>& layers, std::int64_t ConvNet::Layer::*count) {
  return std::accumulate(
      layers.begin(), layers.end(), std::int64_t{0},
      [&](std::int64_t total, const ConvNet::Layer& layer) { return total + layer.*count; });
}

// Whether a backward pass reads a layer's input, and its output.
struct BackwardReads {
  bool input = false;
  bool output = false;
};

BackwardReads backward_reads(const ConvNet::Layer& layer) {
  using Op = ConvNet::Op;
  switch (layer.op) {
    case Op::Conv:
    case Op::Deconv:
    case Op::Dense:
      return {true, layer.relu || layer.norm};
    case Op::Relu:
      return {false, true};
    case Op::Norm:
    case Op::MaxPool:
      return {true, false};
    case Op::NormRelu:
      return {true, true};
    case Op::Input:
    case Op::AveragePool:
    case Op::Concat:
    case Op::Add:
      break;
  }
  return {};
}

}  // namespace

double ConvNet::Shape::elements() const {
  return static_cast<double>(channels) * static_cast<double>(height) * static_cast<double>(width);
}

std::int64_t ConvNet::parameters() const { return sum(layers, &Layer::parameters); }
std::int64_t ConvNet::forward_flops() const { return sum(layers, &Layer::flops); }

std::int64_t ConvNet::backward_flops() const {
  std::int64_t flops = 2 * forward_flops();
  for (const Layer& layer : layers) {
    if (!layer.inputs.empty() && layer.inputs.front() == 0) flops -= layer.flops;
  }
  return flops;
}

double ConvNet::kept_elements() const {
  std::vector<bool> kept(layers.size(), false);
  double elements = 0.0;
  for (std::size_t l = 1; l < layers.size(); ++l) {
    const BackwardReads reads = backward_reads(layers[l]);
    if (reads.input) kept[layers[l].inputs.front()] = true;
    if (reads.output) kept[l] = true;
    if (layers[l].op == Op::MaxPool) elements += layers[l].shape.elements();  // its indices
  }
  kept.back() = true;
  for (std::size_t l = 1; l < layers.size(); ++l) elements += kept[l] ? layers[l].shape.elements() : 0.0;
  return elements;
}

}  // namespace bandwright
