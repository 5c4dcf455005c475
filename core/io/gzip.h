#pragma once
#include <string>
#include <string_view>

namespace bandwright {

// The text as a file of gzip (RFC 1952), without name and date: the same text gives the same bytes.
std::string gzipped(std::string_view text);

}  // namespace bandwright
