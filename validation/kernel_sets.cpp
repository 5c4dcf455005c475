#include "validation/kernel_sets.h"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "core/error.h"
#include "training/collective_time.h"
#include "training/kernels.h"
#include "validation/csv.h"

namespace bandwright {
namespace {

constexpr double smallest_bytes = 1 << 20;

// What data sets call a device, and the machine file that describes it.
struct Alias {
  std::string_view name;
  std::string_view machine;
};
constexpr std::array devices = {
    Alias{"a100_sxm", "a100-80gb-roce"},
    Alias{"h100_sxm", "dgx-h100"},
    Alias{"h200_sxm", "dgx-h200"},
    Alias{"b200_sxm", "dgx-b200"},
    Alias{"b300_sxm", "dgx-b300"},
    Alias{"gb200", "gb200-nvl72"},
    Alias{"gb300", "gb300-nvl72"},
    Alias{"l40s", "l40s"},
    Alias{"rtx_pro_6000_server", "rtx-pro-6000"},
    Alias{"A100", "dgx-a100"},
    Alias{"V100", "dgx-v100"},
    Alias{"A100 DGX-class NVLink3", "dgx-a100"},
    Alias{"H200 NVLink4 (NVLS)", "dgx-h200"},
    Alias{"H200 default", "dgx-h200"},
    Alias{"H200 NVLS on", "dgx-h200"},
    Alias{"H200", "dgx-h200"},
    Alias{"B200 NVLink5 P6-B200", "dgx-b200"},
    Alias{"B200 default", "dgx-b200"},
    Alias{"B200 NVLink5 + 8x50GBps EFA", "b200-efa"},
};

// One machine per name, shared by all rows that were measured on it.
class Machines {
 public:
  std::shared_ptr<const Machine> find(std::string_view device) {
    for (std::size_t i = 0; i < devices.size(); ++i) {
      if (devices[i].name != device) continue;
      if (!loaded_[i]) loaded_[i] = std::make_shared<Machine>(load_machine(devices[i].machine));
      return loaded_[i];
    }
    return nullptr;
  }

 private:
  // Shared: rows outlive the reader and there are thousands of them per machine.
  std::array<std::shared_ptr<const Machine>, devices.size()> loaded_;
};

// A collective called with S bytes as the NCCL tests count them: the larger of the input and output buffer.
Collective as_called(std::string_view name, double bytes, int npus) {
  const bool gathers = name == "all_gather";
  const CollectiveKind kind = name == "all_reduce"       ? CollectiveKind::AllReduce
                              : gathers                  ? CollectiveKind::AllGather
                              : name == "reduce_scatter" ? CollectiveKind::ReduceScatter
                              : name == "alltoall"       ? CollectiveKind::AllToAll
                                                   : throw InputError(fmt::format("collective '{}'", name));
  return {kind, Bytes(static_cast<std::int64_t>(gathers ? bytes / npus : bytes))};
}

Measurement collective_row(const std::shared_ptr<const Machine>& machine, std::string_view name, double bytes,
                           int npus, double measured_us) {
  const Collective call = as_called(name, bytes, npus);
  const Network network = machine->network(npus);
  Measurement row{.label = fmt::format("{} {} of {:.0f} B on {} NPUs", machine->name, name, bytes, npus),
                  .measured = measured_us};
  row.predict = [machine, call, group = whole_network(network)](const Calibration& calibration) {
    Machine calibrated = *machine;
    calibrate(calibrated, calibration);
    return collective_ns(calibrated, group, call) * 1e-3;
  };
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    row.constants.push_back(machine->dimensions[d].constants_name);
  }
  return row;
}

}  // namespace

std::vector<Measurement> read_gemm_sample(const std::filesystem::path& file) {
  Machines machines;
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const auto machine = machines.find(row.text("system"));
    const Gemm gemm{row.number("m"), row.number("n"), row.number("k")};
    if (!machine || gemm.flop() <= 0.0) continue;
    Measurement measurement{
        .label = fmt::format("{} {:.0f} x {:.0f} x {:.0f}", machine->npu.name, gemm.m, gemm.n, gemm.k),
        .measured = row.number("latency_ms")};
    measurement.predict = [machine, gemm](const Calibration& calibration) {
      Npu npu = machine->npu;
      npu.constants = npu_constants(calibration, npu.constants_name);
      return gemm_ns(npu, Precision::Bf16, gemm) * 1e-6;
    };
    measurement.constants.push_back(machine->npu.constants_name);
    rows.push_back(std::move(measurement));
  }
  return rows;
}

std::vector<Measurement> read_nccl_sample(const std::filesystem::path& file) {
  Machines machines;
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const auto machine = machines.find(row.text("system"));
    const double bytes = row.number("bytes_assuming_dtype");
    if (!machine || bytes <= smallest_bytes) continue;
    rows.push_back(collective_row(machine, row.text("collective"), bytes,
                                  static_cast<int>(row.integer("gpus")), row.number("latency_ms") * 1e3));
  }
  return rows;
}

std::vector<Measurement> read_nccl_all_reduce(const std::filesystem::path& file) {
  Machines machines;
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const auto machine = machines.find(row.text("gpu"));
    const double bytes = row.number("size_bytes");
    if (!machine || bytes <= smallest_bytes) continue;
    rows.push_back(collective_row(machine, "all_reduce", bytes, static_cast<int>(row.integer("num_gpus")),
                                  row.number("oop_time_ns") * 1e-3));
  }
  return rows;
}

std::vector<Measurement> read_nccl_bus_bandwidth(const std::filesystem::path& file) {
  Machines machines;
  std::vector<Measurement> rows;
  for (const CsvRow& row : read_csv(file)) {
    const auto machine = machines.find(row.text("system"));
    const double bytes = row.number("size_bytes");
    if (!machine || bytes <= smallest_bytes || !row.has("gpus")) continue;
    const auto npus = static_cast<int>(row.integer("gpus"));
    const double passes = row.text("collective") == "all_reduce" ? 2.0 : 1.0;
    const double us = passes * bytes * (npus - 1) / npus / row.number("busbw_GBps") * 1e-3;
    rows.push_back(collective_row(machine, row.text("collective"), bytes, npus, us));
  }
  return rows;
}

}  // namespace bandwright
