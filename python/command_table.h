#pragma once
#include <pybind11/pybind11.h>

namespace bandwright {

// Every command and its options, as the command line has them: a list of dicts {name, help, examples,
// options}, each option a dict {name, keyword, type, help, default, flag, repeatable, required, positional}.
pybind11::list command_table();

}  // namespace bandwright
