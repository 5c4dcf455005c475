#pragma once
#include <string>
#include <string_view>

#include "workload/architecture.h"

namespace bandwright {

// A model's config.json as published on Hugging Face: of a family whose keys and defaults are known
// (workload/hugging_face_families.h), or with keys that every decoder has. What changes layers and cannot be
// said is refused by name; what does not weigh is in `left_out`. Throws InputError.
TransformerArchitecture read_hugging_face(std::string_view json, const std::string& file_name);

}  // namespace bandwright
