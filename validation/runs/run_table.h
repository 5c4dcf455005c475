#pragma once
#include <filesystem>
#include <vector>

#include "core/io/csv.h"
#include "validation/data_set.h"

namespace bandwright {

// A table of published runs, whatever its file is called: one run of a model on a machine per row, with the
// time of its step, the memory that was read, or both. It is known by its columns:
//
//   arch, system                  names of `bandwright list`, or @name: architectures/name.yaml and
//                                 machines/name.yaml beside the table, unless the program has one of that
//                                 name, which then knows more
//   npus tp cp pp vp ep etp       the division; vp: virtual stages per stage
//   zero mbs gbs seq              ZeRO stage, sequences of a pass and of a step, tokens of one
//   precision recompute           as the command line says them; empty where they cannot be said
//   software overlap sequence_parallel attention    validation/software.h; "none", "expert", "tensor"
//   step_s tokens_s_gpu tflops_gpu                  what was measured, the first that is there
//   mem_gib mem_kind              "torch max allocated", "torch max reserved", ", last pipeline stage"
//   missing_blocking              what the run had that the row cannot say, separated by "; "
//
// and, where they are there: id, model, group (words for the row), zero_npus (the NPUs that ZeRO divides
// over, all replicas if empty), dispatch, graphs.
bool is_run_table(const CsvHeader& header);

// The steps of a table and its memory readings, as sets of one name; a set without any row is left out.
std::vector<DataSet> read_run_table(const std::filesystem::path& file);

}  // namespace bandwright
