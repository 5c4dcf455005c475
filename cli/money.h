#pragma once
#include <string>

#include "core/units.h"

namespace bandwright {

// Numbers for people: "$15,310,123".
std::string format_money(Money money);

}  // namespace bandwright
