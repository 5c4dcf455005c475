#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/fields.h"
#include "core/input_kinds.h"
#include "formats/detect.h"

namespace bandwright {

// A kind of file of our own: its keys and what its reader makes of it. Adding a kind adds a row here and one
// to core/input_kinds.cpp.
struct InputReader {
  std::string_view kind;
  std::vector<const FieldList*> keys;  // the alternative shapes of such a file
  FileSummary (*summarise)(const YamlValue& root);
};
std::span<const InputReader> input_readers();

// The reader of what a file says that it is; of a file that does not say, the one whose keys fit; null when
// none do.
const InputReader* find_input_reader(const YamlValue& root);

// A model's config.json of Hugging Face, as `estimate` and others take it; nothing for any other file. Throws
// InputError for one that cannot be read.
std::optional<FileSummary> summarise_hugging_face(const YamlValue& root);

// A file of measurements (validation/data_set.h), which is known by its name, and who takes it. Nothing for
// any other.
struct MeasurementFile {
  std::string_view use;
  FileSummary summary;
};
std::optional<MeasurementFile> summarise_measurements(const std::filesystem::path& file);

}  // namespace bandwright
