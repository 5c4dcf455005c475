#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "core/yaml.h"
#include "workload/convnet.h"

namespace bandwright {

struct FieldList;  // core/fields.h

// A model trained on images, data parallel: one network, or the two of a generative adversarial network. With
// F the forward FLOP of one image and B = 2 F - (those of the first layer) the backward ones, a step costs
// per real image
//
//   one network    F + B, then its gradients are reduced
//   adversarial    discriminator's step  F_G + 2 F_D + 2 B_D   fake images made; real and fake judged;
//   reduced
//                  generator's step      F_D + B_G             its loss back through D to the image; reduced
//
// (the generator's step uses what D's forward pass on the fake images left, as the cosmoGAN code's single
// graph does; the way back through D costs one input gradient per layer, F_D).
struct ImageModel {
  std::string name;
  std::string help;
  std::int64_t batch = 1;  // images that one worker takes into a step
  std::int64_t bytes_per_element = 4;
  std::int64_t optimizer_states = 2;  // values the optimizer keeps per parameter
  std::vector<ConvNet> networks;      // one; or discriminator, generator

  // A stretch of compute and the gradients all-reduced after it.
  struct Phase {
    std::string name;
    std::int64_t flops_per_image = 0;
    Bytes gradients;
  };
  [[nodiscard]] std::vector<Phase> phases() const;

  [[nodiscard]] std::int64_t parameters() const;
  [[nodiscard]] Bytes gradients() const;
  [[nodiscard]] std::int64_t flops_per_image() const;
  // Of one worker, the layers' outputs kept for the backward pass of `images`; and in all, with weights,
  // gradients and optimizer states. Bytes as a double: a batch may be absurd.
  [[nodiscard]] double activation_bytes(std::int64_t images) const;
  [[nodiscard]] double memory_bytes(std::int64_t images) const;
};

// {name, help, batch, bytes_per_element, optimizer_states} and a network as workload/convnet.h says, or in
// its place {generator: {...}, discriminator: {...}}, two of them. Throws InputError.
const FieldList& image_model_keys();
const FieldList& adversarial_model_keys();
ImageModel read_image_model(const YamlValue& root);

// Whether a model file is of this kind.
bool is_image_model(const YamlValue& root);

// By what a user types: the path of a YAML file or a name of inputs/models/images.
ImageModel load_image_model(std::string_view word);

}  // namespace bandwright
