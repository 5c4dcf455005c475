#pragma once
#include <string_view>

#include "report/document.h"

namespace bandwright {

// The words that every command understands: one list by its name, several by a common one ("models"), all of
// them by "". For people each list under its own heading, for programs one table. Throws InputError for an
// unknown list.
Document listing_document(std::string_view what);

}  // namespace bandwright
