#pragma once
#include <string_view>

#include "core/yaml.h"
#include "topology/network.h"

namespace bandwright {

// A network from lists of equal length, as every foreign format describes it: kinds, NPU counts and, where
// `classes_key` is not empty, price classes. Named after its file. Throws InputError.
Network network_of_lists(const YamlValue& root, std::string_view kinds_key, std::string_view npus_key,
                         std::string_view classes_key);

// The items of a list that has one for each of `count` dimensions. Throws InputError.
std::vector<YamlValue> one_per_dimension(const YamlValue& root, std::string_view key, std::size_t count);

}  // namespace bandwright
