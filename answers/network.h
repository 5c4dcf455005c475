#pragma once
#include "report/document.h"
#include "study/network.h"

namespace bandwright {

// The answer of `network`.
Document network_document(const NetworkAnswer& answer);

}  // namespace bandwright
