#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "memory/graph.h"
#include "memory/tiers.h"

namespace bandwright {

// A training step from measured kernels, one line per kernel and choice of memories:
//
//   node,name,op,inputs,outputs,input_bytes,output_bytes,config,time_us
//   1,conv,Convolution,x;w,y,4096;512,8192,PD|D,12.5
//
// Tensors, their bytes and the letters of `config` (inputs|outputs) go together one by one; D or F is fast
// memory, P or S slow. Lines of one `node` (of one `name` where there is no such column) are one kernel; the
// fastest of equal configurations counts, and a configuration that no line has does not run. A tensor called
// `fixed`, or one that no kernel writes, always lies in fast memory. Column names may carry a remark in
// parentheses. Throws InputError "file:line: ...".
TrainingGraph parse_kernel_csv(std::string_view text, const std::string& file_name);
TrainingGraph load_kernel_csv(const std::filesystem::path& file);

// The median over all configurations with a slow argument of |linear / measured - 1|, where linear is the
// kernel's measured time in fast memory plus the linear model's slow terms; 0 when there are none.
double linear_model_error(const TrainingGraph& measured, const TierPair& tiers);

}  // namespace bandwright
