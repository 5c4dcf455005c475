#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plan/hardware/search/pair_bound.h"

namespace bandwright {

// What looking at orders of groups leaves, as bytes for other ranks (runner/message.h): the divisions that
// reached something with what they did, and what survives.
std::string packed_reached(std::span<const std::uint32_t> candidates, const Leaders& leaders);
void unpack_reached(std::string_view& bytes, Leaders& leaders);

std::string packed_survivors(const std::vector<PairSurvivor>& survivors);
std::vector<PairSurvivor> unpacked_survivors(std::string_view bytes);

}  // namespace bandwright
