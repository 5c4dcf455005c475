#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"
#include "memory/graph.h"
#include "memory/tiers.h"

namespace bandwright {

// A convolutional network by layers, in forward order; every layer has one output.
struct ConvNet {
  struct Shape {
    std::int64_t channels = 0, height = 0, width = 0;
    [[nodiscard]] double elements() const;  // of one image
  };
  enum class Op { Input, Conv, Relu, Norm, NormRelu, MaxPool, AveragePool, Dense, Concat, Add };
  struct Layer {
    Op op = Op::Input;
    std::string name;
    std::vector<int> inputs;  // earlier layers
    Shape shape;              // of its output
    std::int64_t kernel_height = 1, kernel_width = 1;
    bool relu = false;  // fused; convolutions and dense layers
  };
  std::string name;
  std::string help;
  std::int64_t batch = 1;
  std::int64_t bytes_per_element = 4;
  std::vector<Layer> layers;
};

// A network file: {name, help, input: {channels, height, width}, batch, bytes_per_element, layers: [...]},
// where a layer works on the output of the one before and is one of
//
//   conv: {channels, kernel, stride, padding, relu}      kernel: 3 or [1, 7]; padding: same (default) or
//   valid max-pool: {kernel, stride, padding}                  average-pool likewise; global-pool over the
//   whole image dense: {channels, relu}                              fully connected norm, relu, norm-relu
//   batch normalisation, rectifier, both in one kernel concat: [[layers], [layers] ...] branches from the
//   same input, joined by channels add: [[layers], [layers] ...]                        or added; an empty
//   branch is the input itself repeat: {times, layers}
//
// Throws InputError.
ConvNet read_convnet(const YamlValue& root);

// A network by what a user types: the path of a YAML file or a name of inputs/convnets.
ConvNet load_convnet(std::string_view word);

// One training step, forward and backward. Kernels and the tensors kept for them:
//
//   layer               backward kernels (dy: gradient of the output y)
//   conv, dense         relu (y, dy -> dz); weights (x, dz -> weight gradient); data (dz -> dx)
//   relu, norm          (y or x, dy -> dx)        norm-relu (x, y, dy -> dx)
//   max-pool            (x, indices, dy -> dx)    average-pool (dy -> dx)
//   concat              one slice per branch      add: dy itself
//
// and one addition for every further user of an output. Weights, their gradients and the batch stay in fast
// memory. Times by the linear tier model (memory/tiers.h). Throws InputError when a tensor exceeds 1 PiB.
TrainingGraph training_graph(const ConvNet& network, const TierPair& tiers);

}  // namespace bandwright
