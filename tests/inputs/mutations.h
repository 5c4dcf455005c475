#pragma once
#include <functional>
#include <string>

#include "core/yaml.h"

namespace bandwright {

// A file with one thing wrong.
struct Mutation {
  std::string file;  // its text
  std::string key;   // what was touched
  std::string what;  // "bandwidth -> 1e308 GB/s"
};

// Every key of an input: deleted, misspelt, repeated; its value negated, 0, NaN, 1e308, 1e-308, cut in half,
// gone, a list, a map. At most about `most` of them, spread over the file.
void for_each_mutation(const YamlValue& root, std::size_t most,
                       const std::function<void(const Mutation&)>& visit);

// The same for a table: every column deleted, misspelt, repeated; in rows spread over it the value negated,
// 0, NaN, 1e308, 1e-308, cut in half, gone; a row repeated, with a field too many or too few; the text cut
// off.
void for_each_csv_mutation(const std::string& text, std::size_t most,
                           const std::function<void(const Mutation&)>& visit);

}  // namespace bandwright
