#pragma once
#include <filesystem>
#include <map>
#include <string>

namespace bandwright {

// What links of each class reach today, in GB/s, from a table (CSV) of `class`, `gb_per_s` and `why`. Throws
// InputError for a missing column, a class that stands twice and what is no bandwidth.
using LinkLimits = std::map<std::string, double, std::less<>>;
LinkLimits read_link_limits(const std::filesystem::path& file);

}  // namespace bandwright
