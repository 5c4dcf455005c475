#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bandwright {

// The inputs that come with the program: inputs/<kind>/<name>.yaml, where kind is "models/tables",
// "networks", "prices" ... and names are lower-case words.

// The folder that holds them; the first of
//   1. $BANDWRIGHT_INPUTS, when it is set and not empty,
//   2. inputs/ beside the library that this code lies in (a package of another language),
//   3. ../share/bandwright/inputs beside the executable's folder (an installed program),
//   4. inputs/ of the source tree it was built from.
// Throws InputError when none is a folder.
std::filesystem::path inputs_folder();

// The same for plots/, the scripts that draw figures, with $BANDWRIGHT_PLOTS.
std::filesystem::path plots_folder();

// The names of one kind, sorted; empty when there are none.
std::vector<std::string> input_names(std::string_view kind);

// The file of the input called `name`, case ignored; nothing when there is none.
std::optional<std::filesystem::path> find_input(std::string_view kind, std::string_view name);

// Whether a word is an input itself, written out as YAML or JSON: "{name: mine, npus: 8 ...}".
inline bool is_written_out(std::string_view word) { return word.starts_with('{'); }

// ", which is a machine" of a name that is no input of this kind but of another; else nothing.
std::string kind_instead(std::string_view kind, std::string_view name);

// What `word` stands for on a command line or in another input: a word with a '/' or ending in .yaml is a
// file of the user's, one that is written out itself stands for itself, which YamlValue::load reads, and any
// other is the name of an input of this kind. Throws InputError naming the choices when
// it is neither; `what` is "model", "network" ...
std::filesystem::path input_file(std::string_view kind, std::string_view word, std::string_view what);

}  // namespace bandwright
