#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/csv.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// A column of a table of published runs (validation/runs/run_table.h).
struct RunColumn {
  std::string_view name;
};
// By which a recipe knows its runs, and what it may set.
constexpr std::array<RunColumn, 7> recipe_runs = {
    {{"source"}, {"arch"}, {"system"}, {"software"}, {"zero"}, {"precision"}, {"missing_blocking"}}};
constexpr std::array<RunColumn, 3> recipe_settings = {{{"offload_layers"}, {"lora_rank"}, {"lora_targets"}}};

// What the recipe of published runs sets and the tables of their measurements leave out
// (inputs/measurements/recipes.yaml).
struct RunRecipe {
  std::string source;  // where the recipe is published
  std::array<std::optional<std::string>, recipe_runs.size()> runs;
  std::array<std::optional<std::string>, recipe_settings.size()> sets;
};
struct RunRecipes {
  std::string help;
  std::vector<RunRecipe> recipes;
};
const Fields<RunRecipes>& run_recipe_fields();

// A row with what recipes set in the columns that it leaves empty. A recipe is that of all rows whose columns
// hold its words.
CsvRow by_recipes(CsvRow row, std::span<const RunRecipe> recipes);

}  // namespace bandwright
