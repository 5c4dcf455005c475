#pragma once
#include <span>
#include <string>

#include "report/document.h"
#include "study/export.h"

namespace bandwright {

// The answer of `export`: what was written of each model into a folder.
Document exported_document(const ExportFormat& format, const std::string& folder,
                           std::span<const Exported> written);

}  // namespace bandwright
