#pragma once
#include <filesystem>
#include <vector>

namespace bandwright {

// The traces of a job, by NPU: <prefix>.<npu>.et for npu = 0, 1, ... by prefix ("traces/gpt") or by folder,
// or a single .et file that stands for `npus` NPUs. Throws InputError, naming a missing NPU's file.
std::vector<std::filesystem::path> trace_files(const std::filesystem::path& where, int npus);

// The .json file that is named like the traces: <prefix>.json beside <prefix>.0.et; "" without. Others that
// lie there have nothing to do with them.
std::filesystem::path groups_beside(const std::filesystem::path& trace);

}  // namespace bandwright
