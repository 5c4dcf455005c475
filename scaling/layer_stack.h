#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/yaml.h"

namespace bandwright {

// A network of layers one after the other, counted for one image. For a layer with c_in channels in, c_out
// out, a kernel of k x k and H x W positions:
//
//   layer    parameters                      FLOP (2 per multiply-add)        output
//   conv     k^2 c_in c_out + c_out          2 k^2 c_in c_out H_out W_out     ceil(H/stride) ("same" padding)
//   deconv   the same                        2 k^2 c_in c_out H_in W_in       H stride
//   dense    (c H W)_in (c H W)_out + out    2 (c H W)_in (c H W)_out         as given
//   pool     -                               -                                ceil(H/stride)
//
// `norm: true` adds 2 c_out parameters (batch normalisation's scale and shift), `bias: false` takes the c_out
// away. Element-wise work is not counted: it is bound by memory, and calibration absorbs it.
struct LayerStack {
  struct Layer {
    std::string name;  // "conv 2"
    std::int64_t parameters = 0;
    std::int64_t flops = 0;  // forward
    std::int64_t output_elements = 0;
  };
  std::vector<Layer> layers;

  [[nodiscard]] std::int64_t parameters() const;
  [[nodiscard]] std::int64_t forward_flops() const;
  [[nodiscard]] std::int64_t output_elements() const;  // of all layers: what the backward pass keeps
  // Weight gradients cost what forward does, input gradients too; the first layer's input needs none.
  [[nodiscard]] std::int64_t backward_flops() const;
};

// {input: {channels, height, width}, layers: [conv: {channels, kernel, stride, norm, bias}, deconv: the same,
// dense: {channels, height, width, norm, bias}, pool: {stride}]}; height and width may be left out: 1. Throws
// InputError.
LayerStack read_layer_stack(const YamlValue& map);

}  // namespace bandwright
