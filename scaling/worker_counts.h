#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace bandwright {

// How a range without a step counts: 1..64 is 1, 2, 3 ... for workers and 64, 128 ... for NPUs, which come in
// powers.
enum class RangeStep : std::uint8_t { Each, Doubling };

// Worker counts as people write them, separated by commas: 4, 1..64, 8..64+8 (step 8), 64..4096*2 (doubling).
// Each from 1 to `most`; the answer rises and has each once. Throws InputError for anything else and for more
// than 10,000.
std::vector<int> parse_worker_counts(std::string_view text, RangeStep step, int most = 1'000'000'000);

}  // namespace bandwright
