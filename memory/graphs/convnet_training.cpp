#include "memory/graphs/convnet_training.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace bandwright {
namespace {

using Op = ConvNet::Op;
constexpr int fixed = -1;  // a tensor that stays in fast memory

class ConvNetBuilder {
 public:
  ConvNetBuilder(const ImageModel& model, const TierPair& tiers)
      : model_(model), network_(model.networks.front()), tiers_(tiers) {
    graph_.name = model.name;
  }

  TrainingGraph build() && {
    for (std::size_t l = 1; l < network_.layers.size(); ++l) forward(static_cast<int>(l));
    const int last = static_cast<int>(network_.layers.size()) - 1;
    const int loss = tensor("loss.dy", elements(last));
    kernel("loss", "Loss", {output_[last]}, {loss}, 0.0);
    gradients_[last].push_back(loss);
    for (int l = last; l > 0; --l) backward(l);
    sort_and_check(graph_);
    return std::move(graph_);
  }

 private:
  [[nodiscard]] double elements(int layer) const {
    return network_.layers[layer].shape.elements() * static_cast<double>(model_.batch);
  }

  int tensor(const std::string& name, double count) {
    const double size = count * static_cast<double>(model_.bytes_per_element);
    if (!(size <= 0x1p50)) throw InputError(fmt::format("tensor '{}' is larger than 1 PiB", name));
    graph_.tensors.push_back({name, bytes(static_cast<std::int64_t>(size))});
    return static_cast<int>(graph_.tensors.size()) - 1;
  }

  // `weight_bytes` are read or written in fast memory besides.
  void kernel(const std::string& name, std::string_view op, std::vector<int> inputs,
              const std::vector<int>& outputs, double operations, double weight_bytes = 0.0) {
    Kernel result{.name = name, .op = std::string(op)};
    std::sort(inputs.begin(), inputs.end());
    inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
    std::erase(inputs, fixed);
    result.arguments = inputs;
    result.outputs_from = static_cast<int>(inputs.size());
    result.arguments.insert(result.arguments.end(), outputs.begin(), outputs.end());
    double traffic_ns = weight_bytes / tiers_.fast.read.value();
    for (std::size_t a = 0; a < result.arguments.size(); ++a) {
      const double size = to_double(graph_.tensors[result.arguments[a]].bytes);
      traffic_ns += size / (result.writes(a) ? tiers_.fast.write : tiers_.fast.read).value();
      result.slow_ns.push_back(size / (result.writes(a) ? tiers_.slow.write : tiers_.slow.read).value());
    }
    result.fast_ns = std::max(operations / tiers_.compute.value() * 1e9, traffic_ns);
    graph_.kernels.push_back(std::move(result));
  }

  // Multiply-adds count as two operations.
  [[nodiscard]] double operations(const ConvNet::Layer& layer, int index) const {
    if (layer.flops == 0) return elements(index);
    return static_cast<double>(layer.flops) * static_cast<double>(model_.batch);
  }
  [[nodiscard]] double weight_bytes(const ConvNet::Layer& layer) const {
    return static_cast<double>(layer.weights) * static_cast<double>(model_.bytes_per_element);
  }

  void forward(int l) {
    const ConvNet::Layer& layer = network_.layers[l];
    std::vector<int> inputs;
    for (const int input : layer.inputs) inputs.push_back(output_[input]);
    output_[l] = tensor(layer.name + ".y", elements(l));
    std::vector<int> outputs = {output_[l]};
    if (layer.op == Op::MaxPool)
      outputs.push_back(indices_[l] = tensor(layer.name + ".indices", elements(l)));
    kernel(layer.name, "Forward", inputs, outputs, operations(layer, l), weight_bytes(layer));
  }

  // The gradient of a layer's output: one addition for every user beyond the first.
  int gradient(int l) {
    const std::vector<int>& parts = gradients_[l];
    int sum = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::string name = fmt::format("{}.sum{}", network_.layers[l].name, i);
      const int next = tensor(name, elements(l));
      kernel(name, "Add", {sum, parts[i]}, {next}, elements(l));
      sum = next;
    }
    return sum;
  }

  // One kernel that turns `inputs` into the gradient of `input`, unless that is the batch.
  void give(int l, int input, std::string_view suffix, const std::vector<int>& inputs, double work,
            double weight) {
    if (input == 0) return;
    const std::string name = fmt::format("{}.{}", network_.layers[l].name, suffix);
    const int dx = tensor(name, elements(input));
    kernel(name, "Backward", inputs, {dx}, work, weight);
    gradients_[input].push_back(dx);
  }

  void backward(int l) {
    if (gradients_[l].empty()) return;
    const ConvNet::Layer& layer = network_.layers[l];
    const int input = layer.inputs.front();
    const int x = output_[input];
    int dy = gradient(l);
    switch (layer.op) {
      case Op::Input:
        return;
      case Op::Conv:
      case Op::Deconv:
      case Op::Dense: {
        if (layer.relu || layer.norm) {
          const int dz = tensor(layer.name + ".dz", elements(l));
          kernel(layer.name + (layer.norm ? ".norm" : ".relu"), "Backward", {output_[l], dy}, {dz},
                 elements(l));
          dy = dz;
        }
        kernel(layer.name + ".weights", "Backward", {x, dy}, {}, operations(layer, l), weight_bytes(layer));
        return give(l, input, "data", {dy}, operations(layer, l), weight_bytes(layer));
      }
      case Op::Relu:
        return give(l, input, "dx", {output_[l], dy}, elements(l), 0.0);
      case Op::Norm:
        return give(l, input, "dx", {x, dy}, elements(l), 0.0);
      case Op::NormRelu:
        return give(l, input, "dx", {x, output_[l], dy}, elements(l), 0.0);
      case Op::MaxPool:
        return give(l, input, "dx", {x, indices_[l], dy}, elements(l), 0.0);
      case Op::AveragePool:
        return give(l, input, "dx", {dy}, elements(l), 0.0);
      case Op::Concat:
        for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
          give(l, layer.inputs[i], fmt::format("slice{}", i), {dy}, elements(layer.inputs[i]), 0.0);
        }
        return;
      case Op::Add:
        for (const int each : layer.inputs) {
          if (each != 0) gradients_[each].push_back(dy);
        }
        return;
    }
  }

  const ImageModel& model_;
  const ConvNet& network_;
  const TierPair& tiers_;
  TrainingGraph graph_;
  std::vector<int> output_ = std::vector<int>(network_.layers.size(), fixed);
  std::vector<int> indices_ = std::vector<int>(network_.layers.size(), fixed);
  std::vector<std::vector<int>> gradients_ = std::vector<std::vector<int>>(network_.layers.size());
};

}  // namespace

TrainingGraph training_graph(const ImageModel& model, const TierPair& tiers) {
  if (model.networks.size() != 1) {
    throw InputError(fmt::format("{} is a pair of networks; tensors are placed for one", model.name));
  }
  return ConvNetBuilder(model, tiers).build();
}

}  // namespace bandwright
