#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/chakra/chakra_export.h"
#include "study/job/table_training.h"

namespace bandwright {

// What was written of one model.
struct Exported {
  std::string model;
  std::string file;         // in words: its name, or the pattern of its names
  std::int64_t traces = 0;  // 0 where there are none
  std::size_t nodes = 0;    // of all operations of an NPU's trace
  std::size_t layers = 0;   // of a layer table
};

// A kind of files that other tools read a model's training step from.
struct ExportFormat {
  std::string_view name;
  std::string_view help;
  bool traces;  // one per NPU, of a step; otherwise of the layers alone
  Exported (*write)(const TableTraining& training, std::int64_t npus, const std::filesystem::path& folder,
                    const TracesWritten& tell);
  bool (*is_of)(std::string_view file, std::string_view model);  // whether it writes a file of that name
};
std::span<const ExportFormat> export_formats();

// All models' files at once, into a folder that keeps what else it holds: nothing of them is there before all
// is. Throws InputError, and Stopped where it is asked to end.
std::vector<Exported> export_tables(std::span<const TableTraining> tables, std::int64_t npus,
                                    const ExportFormat& format, const std::string& folder,
                                    const TracesWritten& tell = {});

}  // namespace bandwright
