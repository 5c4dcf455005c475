#pragma once
#include <pybind11/pybind11.h>

#include <string_view>

#include "report/document.h"

namespace bandwright {

// The names of a document's values, as JSON has them and in its order.
pybind11::list names_of(const Document& document);

// One of them, unscaled, in the unit that its name says: a number, a text, a list, a dict of an object's, a
// list of dicts of a table's. Throws KeyError.
pybind11::object value_of(const Document& document, std::string_view name);

// The columns of a table by name, each a list; of the rows of the CSV where the name is empty. Throws
// KeyError.
pybind11::dict columns_of(const Document& document, std::string_view table);

}  // namespace bandwright
