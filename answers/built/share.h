#pragma once
#include "report/document.h"
#include "study/built/share.h"

namespace bandwright {

// The answer of `share`; a row per job.
Document share_document(const ShareAnswer& answer);

}  // namespace bandwright
