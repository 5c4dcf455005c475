#pragma once
#include "workload/model.h"

namespace bandwright {

// A decoder-only transformer trained with tensor and data parallelism, as the LIBRA artifact's tables
// describe it.
struct TransformerShape {
  std::int64_t layers = 2;
  std::int64_t hidden = 0;              // h
  std::int64_t tokens_per_replica = 0;  // t: sequences per replica times sequence length
  std::int64_t sequence = 0;            // s
  std::int64_t tensor_parallel = 1;     // m, divides h
  std::int64_t bytes_per_element = 2;   // e
  FlopRate gemm_rate;                   // R
};

// The operators of a layer (workload/layer_operators.h) at R FLOP/s in nine lines; with u = 1/(m R), seconds
// rounded to whole nanoseconds:
//
//   line             compute   forward      input gradient     weight gradient
//   Q                2 t h^2 u  -           all-reduce e t h    all-reduce e h^2/m
//   K, V             2 t h^2 u  -           -                   all-reduce e h^2/m
//   QK, softmax      t s h u    -           -                   -
//   attention-out    2 t h^2 u  all-reduce  all-gather e t h/m  all-reduce e h^2/m
//   MLP-1            8 t h^2 u  -           all-reduce e t h    all-reduce 4 e h^2/m
//   MLP-2            8 t h^2 u  all-reduce  -                   all-reduce 4 e h^2/m
//   norm             2 t h/R    -           -                   -            (the checkpoint)
//
// Compute is the same in all three directions; forward all-reduces carry e t h bytes. Activations are reduced
// over the TP group, weight gradients over the DP group. Source of the table: every number of the LIBRA
// artifact's workloads. Throws InputError when m does not divide h or a value is out of range.
Model transformer_model(std::string name, const TransformerShape& shape);

// A model file {name, help, transformer: {...}}, which stands for that table.
struct TransformerTable {
  std::string name;
  std::string help;
  TransformerShape shape;
};
const Fields<TransformerTable>& transformer_table_fields();

}  // namespace bandwright
