#include "workload/image_model.h"

#include <numeric>

#include "core/fields.h"
#include "core/io/paths.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_images = 1'000'000'000;

std::int64_t optional_integer(const YamlValue& root, std::string_view key, std::int64_t usual,
                              std::int64_t low, std::int64_t high) {
  const auto value = root.find(key);
  return value ? value->as_integer(low, high) : usual;
}

std::vector<InputField> head_keys() {
  return {
      documented_key(FieldPresence::Required, "name", kinds::text().shape, "what lists and answers call it"),
      documented_key(FieldPresence::Optional, "help", kinds::text().shape, "one line for lists"),
      documented_key(FieldPresence::Optional, "batch", kinds::shape_of_integer(1, most_images),
                     "images of a worker in a step; 1"),
      documented_key(FieldPresence::Optional, "bytes_per_element", kinds::shape_of_integer(1, 16),
                     "of activations; 4"),
      documented_key(FieldPresence::Optional, "optimizer_states", kinds::shape_of_integer(0, 16),
                     "kept per parameter; 2")};
}

std::vector<InputField> network_keys() {
  return {documented_key(FieldPresence::Required, "input",
                         {.form = FieldShape::Form::Map, .expected = "{channels, height, width}"},
                         "the image; height and width are 1 when left out"),
          documented_key(FieldPresence::Optional, "bias", kinds::flag().shape, "of convolutions; true"),
          documented_key(FieldPresence::Required, "layers",
                         {.form = FieldShape::Form::List, .expected = "a list of layers"},
                         "conv, deconv, dense, max-pool, average-pool, global-pool, norm, relu, norm-relu, "
                         "concat, add, repeat")};
}

}  // namespace

std::vector<ImageModel::Phase> ImageModel::phases() const {
  const auto gradients_of = [&](const ConvNet& network) {
    return bytes(network.parameters() * bytes_per_element);
  };
  const ConvNet& first = networks.front();
  if (networks.size() == 1) {
    return {{"training", first.forward_flops() + first.backward_flops(), gradients_of(first)}};
  }
  const ConvNet& generator = networks.back();
  return {{"discriminator", generator.forward_flops() + 2 * (first.forward_flops() + first.backward_flops()),
           gradients_of(first)},
          {"generator", first.forward_flops() + generator.backward_flops(), gradients_of(generator)}};
}

std::int64_t ImageModel::parameters() const {
  return std::accumulate(networks.begin(), networks.end(), std::int64_t{0},
                         [](std::int64_t sum, const ConvNet& network) { return sum + network.parameters(); });
}

Bytes ImageModel::gradients() const { return bytes(parameters() * bytes_per_element); }

std::int64_t ImageModel::flops_per_image() const {
  std::int64_t flops = 0;
  for (const Phase& phase : phases()) flops += phase.flops_per_image;
  return flops;
}

double ImageModel::activation_bytes(std::int64_t images) const {
  double kept = networks.front().kept_elements();
  if (networks.size() == 2) kept = 2.0 * kept + networks.back().kept_elements();  // real and fake
  return kept * static_cast<double>(images) * static_cast<double>(bytes_per_element);
}

double ImageModel::memory_bytes(std::int64_t images) const {
  const double per_parameter =
      2.0 + static_cast<double>(optimizer_states);  // and the weight and its gradient
  return static_cast<double>(parameters()) * per_parameter * static_cast<double>(bytes_per_element) +
         activation_bytes(images);
}

const FieldList& image_model_keys() {
  static const FieldList keys = [] {
    FieldList list{"image-network", "a network of layers for images", head_keys(), {}};
    for (InputField& field : network_keys()) list.fields.push_back(std::move(field));
    return list;
  }();
  return keys;
}

const FieldList& adversarial_model_keys() {
  static const FieldList network{"network", "one of two networks", network_keys(), {}};
  static const FieldList keys = [] {
    const FieldShape part{.form = FieldShape::Form::Struct, .expected = "a map", .fields = &network};
    FieldList list{"image-network", "a generative adversarial network", head_keys(), {}};
    list.fields.push_back(documented_key(FieldPresence::Required, "generator", part, "makes images"));
    list.fields.push_back(
        documented_key(FieldPresence::Required, "discriminator", part, "tells made ones from real ones"));
    return list;
  }();
  return keys;
}

bool is_image_model(const YamlValue& root) {
  if (!root.declared_kind().empty()) return root.declared_kind() == "image-network";
  return root.is_map() && (root.find("input") || root.find("generator") || root.find("discriminator"));
}

ImageModel read_image_model(const YamlValue& root) {
  const bool pair = root.is_map() && (root.find("generator") || root.find("discriminator"));
  (pair ? adversarial_model_keys() : image_model_keys()).require_keys(root);
  ImageModel model{.name = root.at("name").as_string(),
                   .batch = optional_integer(root, "batch", 1, 1, most_images),
                   .bytes_per_element = optional_integer(root, "bytes_per_element", 4, 1, 16),
                   .optimizer_states = optional_integer(root, "optimizer_states", 2, 0, 16)};
  if (const auto help = root.find("help")) model.help = help->as_string();
  if (!pair) {
    model.networks = {read_convnet(root)};
    return model;
  }
  for (const char* name : {"discriminator", "generator"}) {
    const YamlValue network = root.at(name);
    network.require_keys({"input", "bias", "layers"});
    model.networks.push_back(read_convnet(network));
  }
  return model;
}

ImageModel load_image_model(std::string_view word) {
  return read_image_model(YamlValue::load(input_file("models/images", word, "convolutional network")));
}

}  // namespace bandwright
