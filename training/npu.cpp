#include "training/npu.h"

#include <fmt/format.h>

#include <cmath>

#include "core/choice.h"
#include "core/fields.h"
#include "core/io/paths.h"

namespace bandwright {
namespace {

constexpr std::array precisions = {
    Choice{Precision::Fp16, "fp16", "16-bit floating point with loss scaling"},
    Choice{Precision::Bf16, "bf16", "16-bit brain floating point"},
    Choice{Precision::Fp8, "fp8", "8-bit matrix multiplications, the rest in bf16"},
    Choice{Precision::Nvfp4, "nvfp4", "4-bit matrix multiplications with scales, the rest in bf16"},
};
using Rates = std::array<std::optional<FlopRate>, precisions.size()>;

// In FLOP/ns; 0 where there is none.
Kind<std::array<double, precisions.size()>> peaks() {
  return kinds::mapped<std::array<double, precisions.size()>>(
      kinds::per_row(precisions, kinds::flop_rate()),
      [](const Rates& rates) {
        std::array<double, precisions.size()> per_ns{};
        for (std::size_t i = 0; i < rates.size(); ++i) per_ns[i] = rates[i] ? rates[i]->value() * 1e-9 : 0.0;
        return per_ns;
      },
      [](const std::array<double, precisions.size()>& per_ns) {
        Rates rates;
        for (std::size_t i = 0; i < rates.size(); ++i) {
          if (per_ns[i] > 0.0) rates[i] = FlopRate(std::round(per_ns[i] * 1e3) * 1e6);
        }
        return rates;
      });
}

Kind<double> memory() {
  return kinds::mapped<double>(
      kinds::size(Bytes(1)), [](const Bytes& size) { return to_double(size); },
      [](const double& size) { return Bytes(std::llround(size)); });
}

}  // namespace

Precision precision(std::string_view name) { return choice_named(precisions, name, "precision"); }

std::string_view precision_name(Precision precision) { return choice_name(precisions, precision); }

bool narrows(Precision precision) { return precision == Precision::Fp8 || precision == Precision::Nvfp4; }

double input_bytes(Precision precision) {
  if (precision == Precision::Nvfp4) return 0.5 + 1.0 / 16.0;
  return precision == Precision::Fp8 ? 1.0 : 2.0;
}

double Npu::peak(Precision precision) const {
  const double flop_per_ns = peak_flop_per_ns[static_cast<std::size_t>(precision)];
  if (flop_per_ns > 0.0) return flop_per_ns;
  throw InputError(fmt::format("{} has no {} matrix units (choices: those under `peak` of its machine file)",
                               name, precision_name(precision)));
}

double Npu::power_speed() const {
  constexpr double exponent = 1.0 / 2.5;
  return watts > 0.0 && constants_watts > 0.0 ? std::pow(watts / constants_watts, exponent) : 1.0;
}

const Fields<NpuConstants>& npu_constants_fields() {
  using C = NpuConstants;
  static const Fields<C> fields(
      "npus", "what is measured of one kind of NPU",
      required("gemm_efficiency", &C::gemm_efficiency, kinds::number(0.01, 2.0),
               "share of peak in the main loop of a large matrix multiplication"),
      required("memory_efficiency", &C::memory_efficiency, kinds::number(0.01, 2.0),
               "share of memory bandwidth in a streaming kernel"),
      required("kernel_overhead_us", &C::kernel_overhead_us, kinds::number(0.0, 1e3),
               "start and end of one kernel"),
      required("slice_ns", &C::slice_ns, kinds::number(0.0, 1e5),
               "latency of a 64-deep step of the main loop"),
      required("sustained", &C::sustained, kinds::number(0.01, 2.0),
               "of a short run's speed, in hours of training"),
      required("host_us", &C::host_us, kinds::number(0.0, 1e4), "the framework's time to issue one kernel"),
      required("source", &C::source, kinds::text(), "the measurements they were fitted on"));
  return fields;
}

const Fields<Npu>& npu_fields() {
  static const Fields<Npu> fields(
      "npu", "one accelerator by its data sheet",
      required("name", &Npu::name, kinds::text(), "what answers call it"),
      optional("help", &Npu::help, kinds::text(), "one line for lists"),
      required("peak", &Npu::peak_flop_per_ns, peaks(), "of the matrix units, by precision, dense"),
      required("memory", &Npu::memory_bytes, memory(), "of one NPU"),
      required("memory_bandwidth", &Npu::memory_gb_per_s, kinds::gb_per_s(), "of that memory"),
      optional("host_bandwidth", &Npu::host_gb_per_s, kinds::gb_per_s(),
               "of its link to the host's memory, in one direction"),
      optional("older_kernels", &Npu::older_kernels, kinds::number(0.01, 1.0),
               "speed of the matrix units under the previous generation's instructions"),
      optional("attention_speed", &Npu::attention_speed, kinds::number(0.1, 10.0),
               "share of the matrix units in attention kernels, in an H100's"),
      optional("ragged_speed", &Npu::ragged_speed, kinds::number(0.1, 1.0),
               "of the matrix units where groups of rows have weights of their own, as those of experts"),
      optional("compiled", &Npu::compiled, kinds::flag(),
               "whole steps are compiled and their memory planned ahead (XLA)"),
      required("processors", &Npu::processors, kinds::integer<int>(1, 1 << 16),
               "streaming multiprocessors or cores: what tiles of a matrix are dealt to"),
      optional("usd_per_hour", &Npu::usd_per_hour, kinds::number(0.0, 1e6), "a usual price of renting one"),
      optional("watts", &Npu::watts, kinds::number(0.0, 1e6), "its power limit; 0: not known"),
      optional("constants_watts", &Npu::constants_watts, kinds::number(0.0, 1e6),
               "power limit of the NPU its constants were fitted on; 0: the same"),
      required("constants", &Npu::constants_name, kinds::text(), "a kind of inputs/calibration.yaml"),
      optional("fitted", &Npu::own_constants, kinds::object(npu_constants_fields()),
               "constants in place of those, as `bandwright calibrate` writes them"),
      derived("in_use", &Npu::constants, kinds::object(npu_constants_fields()), "the constants"));
  return fields;
}

YamlValue npu_map(const YamlValue& npu) {
  if (npu.is_map()) return npu;
  return YamlValue::load(
      npu.parsed("an NPU", [](std::string_view word) { return input_file("npus", word, "NPU"); }));
}

}  // namespace bandwright
