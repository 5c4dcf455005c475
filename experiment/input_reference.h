#pragma once
#include <string>
#include <string_view>

namespace bandwright {

// docs/input_reference.md: the keys of every kind of input, what they take, what holds without them.
std::string input_reference();

// The JSON schema (draft 2020-12) of files of a kind, for editors. Throws InputError naming the kinds.
std::string json_schema(std::string_view kind);

}  // namespace bandwright
