#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace bandwright {

// Values of a proof's lines. Each throws InputError for what is none: whole numbers are written as such, and
// lie in a range; numbers are from 0 to 1e300.
using ProofJson = nlohmann::ordered_json;
constexpr std::int64_t most_counted = std::int64_t{1} << 53;

std::int64_t proof_whole(const ProofJson& value, std::int64_t low, std::int64_t high);
std::int64_t proof_whole(const ProofJson& line, const char* key, std::int64_t low, std::int64_t high);
double proof_number(const ProofJson& value);
double proof_number(const ProofJson& line, const char* key);

// What the library says is wrong with a line, without the library's own names.
std::string problem_of(const ProofJson::exception& error);

}  // namespace bandwright
