#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/yaml.h"

namespace bandwright {

// A convolutional network by layers, in forward order; every layer has one output. Counted for one image: a
// layer with c_in channels in, c_out out, a kernel of k_h x k_w and H x W positions has
//
//   layer    parameters                         FLOP (2 per multiply-add)          output
//   conv     k_h k_w c_in c_out + c_out         2 k_h k_w c_in c_out H_out W_out   same: ceil(H / stride)
//                                                                                  valid: (H - k) / stride +
//                                                                                  1
//   deconv   the same                           2 k_h k_w c_in c_out H_in W_in     H stride
//   dense    (c H W)_in (c H W)_out + (c H W)   2 (c H W)_in (c H W)_out           as given
//   norm     2 c                                -                                  as its input
//
// `bias: false` takes the second term away. Other layers have neither: they are bound by memory.
struct ConvNet {
  struct Shape {
    std::int64_t channels = 1, height = 1, width = 1;
    [[nodiscard]] double elements() const;  // of one image
  };
  enum class Op { Input, Conv, Deconv, Relu, Norm, NormRelu, MaxPool, AveragePool, Dense, Concat, Add };
  struct Layer {
    Op op = Op::Input;
    std::string name;
    std::vector<int> inputs;  // earlier layers
    Shape shape;              // of its output
    std::int64_t kernel_height = 1, kernel_width = 1;
    bool relu = false;  // fused, in place: the layer keeps one output. Convolutions and dense layers
    bool norm = false;
    bool bias = false;
    std::int64_t weights = 0;  // parameters that are multiplied with
    std::int64_t parameters = 0;
    std::int64_t flops = 0;  // forward
  };
  std::vector<Layer> layers;  // the first is the input

  [[nodiscard]] std::int64_t parameters() const;
  [[nodiscard]] std::int64_t forward_flops() const;
  // Weight gradients cost what forward does, input gradients too; the input itself needs none.
  [[nodiscard]] std::int64_t backward_flops() const;
  // Elements of all outputs that a backward pass reads, pooling's indices and the last output included.
  [[nodiscard]] double kept_elements() const;
};

// {input: {channels, height, width}, bias, layers: [...]}; height and width may be left out: 1; bias, of
// convolutions: true. A layer works on the output of the one before and is one of
//
//   conv: {channels, kernel, stride, padding, relu, norm, bias}   kernel: 3 or [1, 7]; padding: same
//                                                                  (default) or valid
//   deconv: {channels, kernel, stride, relu, norm, bias}           transposed convolution, same padding
//   dense: {channels, height, width, relu, norm, bias}             fully connected
//   max-pool: {kernel, stride, padding}, average-pool likewise; global-pool over the whole image
//   norm, relu, norm-relu                                          normalisation, rectifier, one kernel of
//   both concat: [[layers], [layers] ...]                               branches from the same input, joined
//   by add: [[layers], [layers] ...]                                  channels or added; an empty branch is
//   the
//                                                                  input itself
//   repeat: {times, layers}
//
// Throws InputError.
ConvNet read_convnet(const YamlValue& map);

}  // namespace bandwright
