#pragma once
#include <CLI/App.hpp>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

namespace bandwright {

// Options that mean something only beside others, or not beside them. Typed all the same they would do
// nothing, and whoever typed them would believe that they did: commands refuse them before they run. (CLI11's
// own needs() and excludes() know no "one of several", and repeat themselves in every line of the help.)

// Options added from here on stand under this heading of the command's help.
void begin_group(CLI::App& command, const std::string& heading);

// Other names of options that they had once: taken, and in no help.
inline constexpr std::array<std::string_view, 1> former_names = {"system"};

// Usual headings, and those whose options need the one in brackets.
inline constexpr const char* main_options = "Options";
inline constexpr const char* output_options = "Output";
inline constexpr const char* layer_tables = "Layer tables";
inline constexpr const char* transformers = "Transformers";
inline constexpr const char* price_options = "Prices";
inline constexpr const char* finer_points = "Finer points of real models";
inline constexpr const char* real_models = "Real models (with --npus)";
inline constexpr const char* two_memories = "Two memories (with --tiers)";
inline constexpr const char* foreign_files = "Foreign files (with --workload)";

using OptionNames = std::initializer_list<const char*>;

// Each throws InputError for the first of `options`, or of those under a heading, that was typed ...
// ... while none of `others` was: "--tp needs --npus". One of `others` may itself be among the options.
void check_needs(const CLI::App& command, OptionNames options, OptionNames others);
void check_needs(const CLI::App& command, std::string_view heading, OptionNames others);
// ... beside one of `others`: "--tables and --npus: one or the other".
void check_excludes(const CLI::App& command, OptionNames options, OptionNames others);
// ... whatever else was, for what only values tell: "--chunks is for the event-driven engine".
void refuse_typed(const CLI::App& command, OptionNames options, std::string_view why);
void refuse_typed(const CLI::App& command, std::string_view heading, std::string_view why);

// A file that the command writes, "" for none. It is tried when the command line has been read, before hours
// of work rather than after them.
CLI::Option* add_output_file(CLI::App& command, const std::string& names, std::string& file,
                             const std::string& help);
// No file that a command writes may be one that it reads, or one that another of its options writes.
void guard_outputs(CLI::App& app);

// Every option of every command refuses the empty text, which stands for "not given" inside.
void refuse_empty_texts(CLI::App& app);

}  // namespace bandwright
