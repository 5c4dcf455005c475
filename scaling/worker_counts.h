#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace bandwright {

// Worker counts as people write them, separated by commas: 4, 1..64 (doubling), 8..64+8 (step 8), 1..81*3.
// Each from 1 to `most`; the answer rises and has each once. Throws InputError for anything else and for more
// than 10,000.
std::vector<int> parse_worker_counts(std::string_view text, int most = 1'000'000'000);

}  // namespace bandwright
