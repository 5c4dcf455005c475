#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/yaml.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// The number format of the matrix units; weights and activations take 2 bytes in all of them (fp8 and
// nvfp4 are used inside matrix multiplications only).
enum class Precision : std::uint8_t { Fp16, Bf16, Fp8, Nvfp4 };
Precision precision(std::string_view name);  // throws InputError naming the choices
std::string_view precision_name(Precision precision);
// Whether multiplications have inputs in fewer bits than what is between them, and the bytes of such an
// input, with its scale (one of a byte per 16 in nvfp4).
bool narrows(Precision precision);
double input_bytes(Precision precision);

// What is measured, not printed on the data sheet: six numbers per NPU kind, fitted once on public
// measurements (inputs/calibration.yaml says on which).
struct NpuConstants {
  double gemm_efficiency = 0.9;     // share of peak in the main loop of a large matrix multiplication
  double memory_efficiency = 0.8;   // share of memory bandwidth in a streaming kernel
  double kernel_overhead_us = 2.5;  // start and end of one kernel
  double slice_ns = 30.0;           // latency of one 64-deep step of a matrix multiplication's main loop
  double sustained = 0.85;  // matrix units under the power limit of hours of training, of a short run's
  double host_us = 10.0;    // the framework's own time to issue one kernel
  std::string source = {};  // the measurements they were fitted on
};
const Fields<NpuConstants>& npu_constants_fields();

// One accelerator by its data sheet.
struct Npu {
  std::string name;
  std::string help = {};
  std::array<double, 4> peak_flop_per_ns{};  // by Precision; 0 where there is none
  double memory_bytes = 0.0;
  double memory_gb_per_s = 0.0;
  std::optional<double> host_gb_per_s = {};  // of its link to the host's memory, in one direction
  double older_kernels = 1.0;    // speed of matrix units under the previous generation's instructions
  double attention_speed = 1.0;  // share of matrix units in attention kernels of its own, in an H100's
  double ragged_speed = 1.0;     // of matrix units where groups of rows have weights of their own (experts)
  bool compiled = false;         // whole steps, their memory planned ahead (XLA)
  int processors = 0;            // streaming multiprocessors, or cores: what tiles of a matrix are dealt to
  double usd_per_hour = 0.0;
  double watts = 0.0;            // its power limit, and that of the NPU that its constants were fitted on;
  double constants_watts = 0.0;  // 0: not known, or the same
  std::string constants_name;
  std::optional<NpuConstants> own_constants = {};  // measured on a machine of one's own, in place of those
  NpuConstants constants;

  // The peak in FLOP/ns. Throws InputError when the NPU has no such matrix units.
  [[nodiscard]] double peak(Precision precision) const;
  // Speed of its matrix units under its own power limit, in that of `sustained`: the power of a processor
  // grows with the 2.5th power of its clock (frequency times voltage squared, which follows it in part).
  [[nodiscard]] double power_speed() const;
};

// The keys of an NPU file, or of the `npu:` map of a machine file.
const Fields<Npu>& npu_fields();

// What stands under `npu` in a machine file: a map, or in its place the map of the file it names (the path of
// a YAML file, or a name of inputs/npus). Throws InputError.
YamlValue npu_map(const YamlValue& npu);

}  // namespace bandwright
