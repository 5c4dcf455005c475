#pragma once
#include <string>

#include "report/document.h"
#include "study/recipe/recipe.h"

namespace bandwright {

// A recipe as what it is here: the command that estimates it, what that leaves out and why.
Document recipe_document(const std::string& file, const Recipe& recipe);

// The same as a script for a shell, its remarks in comments.
std::string recipe_script(const std::string& file, const Recipe& recipe);

}  // namespace bandwright
