#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "experiment/store.h"

namespace bandwright {

// Results as bytes for another rank of the same program, and back: the same values, to the last bit.
std::string packed(const std::vector<Result>& results);
std::vector<Result> unpacked(std::string_view bytes);

}  // namespace bandwright
