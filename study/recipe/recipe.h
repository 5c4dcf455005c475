#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "study/job/job.h"

namespace bandwright {

// What somebody else's software is told to train, as a job of ours: "why am I below the documented number?"
struct Recipe {
  std::string software;  // "Megatron-Core"
  Job job;
  // In words: what changes a layer or the step and the job cannot say, or was taken to be.
  std::vector<std::string> notes;
  std::vector<std::string> weightless;  // settings that make no step longer or shorter
};

// A launcher's command line, a script with one in it, or TorchTitan's TOML. `given`: what is known besides,
// such as --machine and --npus; it takes the place of what the recipe says. A recipe that describes its model
// is a whole one, and the software's own defaults hold where it says nothing; arguments of a division alone
// leave what they don't say as usual here.
bool is_recipe(std::string_view text);
Recipe read_recipe(std::string_view text, const std::string& file, const Job& given);
// The one in a file; nothing for any other file, a folder, or one that is not there.
std::optional<Recipe> recipe_in(const std::string& file, const Job& given);

// `bandwright estimate ...` for the shell.
std::string estimate_command(const Job& job);

}  // namespace bandwright
