#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "formats/detect.h"
#include "report/document.h"

namespace bandwright {

// A file of another tool, one of our own or a table of measurements: what it is, and what it says.
struct CheckedFile {
  std::string_view kind;
  std::string_view help;
  std::string use;  // which commands take it, where that is known
  FileSummary summary;
};

// What is known of traces besides: ASTRA-sim's system beside them, whose peak and memory give FLOP a time,
// and their process groups.
struct TraceWords {
  std::string library;
  std::string groups;
};

// Throws InputError for a file that is none of these, or not valid, and for words about what are no traces.
CheckedFile check_file(const std::string& file, const TraceWords& words = {},
                       const std::function<void(const TraceProgress&)>& progress = {});

// The answer of `check`.
Document checked_document(const std::string& file, const CheckedFile& checked);

}  // namespace bandwright
