#include "training/npu.h"

#include <fmt/format.h>

#include <cmath>

#include "core/choice.h"

namespace bandwright {
namespace {

constexpr std::array precisions = {
    Choice{Precision::Fp16, "fp16", "16-bit floating point with loss scaling"},
    Choice{Precision::Bf16, "bf16", "16-bit brain floating point"},
    Choice{Precision::Fp8, "fp8", "8-bit matrix multiplications, the rest in bf16"},
};

}  // namespace

Precision precision(std::string_view name) { return choice_named(precisions, name, "precision"); }

std::string_view precision_name(Precision precision) { return choice_name(precisions, precision); }

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

Npu read_npu(const YamlValue& map) {
  map.require_keys({"name", "peak", "memory", "memory_bandwidth", "processors", "older_kernels",
                    "attention_speed", "usd_per_hour", "watts", "constants_watts", "constants"});
  Npu npu{.name = map.at("name").as_string(),
          .memory_bytes = to_double(map.at("memory").as_bytes()),
          .memory_gb_per_s = map.at("memory_bandwidth").as_bandwidth().value(),
          .processors = static_cast<int>(map.at("processors").as_integer(1, 1 << 16)),
          .constants_name = map.at("constants").as_string()};
  const YamlValue peak = map.at("peak");
  peak.require_keys({"fp16", "bf16", "fp8"});
  for (const Choice<Precision>& info : precisions) {
    const auto rate = peak.find(info.name);
    if (rate)
      npu.peak_flop_per_ns[static_cast<std::size_t>(info.value)] = rate->as_flop_rate().value() * 1e-9;
  }
  if (npu.memory_gb_per_s <= 0.0) map.at("memory_bandwidth").fail("expected more than 0");
  if (npu.memory_bytes <= 0.0) map.at("memory").fail("expected more than 0 B");
  if (const auto share = map.find("older_kernels")) npu.older_kernels = share->as_number(0.01, 1.0);
  if (const auto speed = map.find("attention_speed")) npu.attention_speed = speed->as_number(0.1, 10.0);
  if (const auto price = map.find("usd_per_hour")) npu.usd_per_hour = price->as_number(0.0, 1e6);
  if (const auto watts = map.find("watts")) npu.watts = npu.constants_watts = watts->as_number(1.0, 1e6);
  if (const auto watts = map.find("constants_watts")) npu.constants_watts = watts->as_number(1.0, 1e6);
  return npu;
}

}  // namespace bandwright
