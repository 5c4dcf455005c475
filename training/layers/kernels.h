#pragma once
#include "training/npu.h"
#include "workload/layer_operators.h"

namespace bandwright {

// Nanoseconds of one matrix multiplication in a short run on an otherwise idle NPU.
//
// The result is cut into tiles, dealt to the processors in waves; a tile's main loop takes 64 of k per step:
//
//   tile     = k/64 slice + 2 tm tn k / (peak / processors * gemm_efficiency * reuse)
//   waves    = halfway between the smooth and the whole number of tiles / processors
//   memory   = bytes of A, B and C / (memory bandwidth * memory_efficiency)
//   time     = kernel overhead + (compute^4 + memory^4)^(1/4)
//
// reuse = r / (r + 16) with r = tm tn / (tm + tn), the FLOP per element loaded into the processor. The
// library picks the best of the usual tile shapes and of splitting k over 1 to 16 processors, which costs
// another kernel and passes the partial results through memory. Source: NVIDIA, "Matrix Multiplication
// Background User's Guide" (tile and wave quantisation); Williams et al., "Roofline" (CACM 2009). Limits: no
// clock changes, no second-level cache.
double gemm_ns(const Npu& npu, Precision precision, const Gemm& gemm, double result_bytes = 2.0);

// Nanoseconds of a kernel that streams `bytes` through memory.
double streaming_ns(const Npu& npu, double bytes);

}  // namespace bandwright
