#include "validation/runs/run_recipes.h"

#include "core/field_collections.h"
#include "core/fields.h"

namespace bandwright {
namespace {

bool is_run_of(const CsvRow& row, const RunRecipe& recipe) {
  for (std::size_t i = 0; i < recipe_runs.size(); ++i) {
    const std::optional<std::string>& words = recipe.runs[i];
    if (!words) continue;
    const std::string_view column = recipe_runs[i].name;
    if (!row.has(column) || row.text(column).find(*words) == std::string::npos) return false;
  }
  return true;
}

}  // namespace

const Fields<RunRecipes>& run_recipe_fields() {
  static const Fields<RunRecipe> recipe(
      "recipe", "what one recipe sets",
      required("source", &RunRecipe::source, kinds::text(), "where it is published"),
      required("runs", &RunRecipe::runs, kinds::per_row(recipe_runs, kinds::text()),
               "columns of a table, and words that they hold in its runs"),
      required("sets", &RunRecipe::sets, kinds::per_row(recipe_settings, kinds::text()),
               "columns, and what is meant where they are empty"));
  static const Fields<RunRecipes> fields(
      "recipes", "what recipes of published runs set and tables of their measurements leave out",
      required("help", &RunRecipes::help, kinds::text(), "one line"),
      required("recipes", &RunRecipes::recipes, kinds::list(kinds::object(recipe), 1),
               "one after the other"));
  return fields;
}

CsvRow by_recipes(CsvRow row, std::span<const RunRecipe> recipes) {
  for (const RunRecipe& recipe : recipes) {
    if (!is_run_of(row, recipe)) continue;
    for (std::size_t i = 0; i < recipe_settings.size(); ++i) {
      const std::string_view column = recipe_settings[i].name;
      if (recipe.sets[i] && !row.has(column)) row = row.with(column, *recipe.sets[i]);
    }
  }
  return row;
}

}  // namespace bandwright
