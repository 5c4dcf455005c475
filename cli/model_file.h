#pragma once
#include <filesystem>
#include <string>

namespace bandwright {

// What a word for a model stands for, where any kind is taken.
enum class ModelKind { Images, Transformer, Table };
struct ModelFile {
  ModelKind kind;
  std::filesystem::path file;
};

// A name of inputs/convnets, inputs/architectures or inputs/models, in this order, or a file. Throws
// InputError.
ModelFile find_model(const std::string& word);

}  // namespace bandwright
