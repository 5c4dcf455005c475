#include "validation/kernel_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/catalogue.h"
#include "core/error.h"
#include "training/collective_time.h"
#include "training/layers/kernels.h"
#include "validation/read_rows.h"

namespace bandwright {
namespace {

constexpr double largest_bytes = 1e15;
constexpr double largest_flop = 1e24;
// What a benchmark written in Python measures of the call itself: PyTorch issues the collective after the
// first time stamp. The NCCL tests, in C++, issue calls ahead.
constexpr double python_call_us = 25.0;

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
    Alias{"B200 NVLink5 + 8x50GBps EFA", "b200-efa"},
};

// The machine a device's name stands for; nothing for one that is not described.
std::shared_ptr<const Machine> machine_of(Machines& machines, std::string_view device) {
  for (const Alias& alias : devices) {
    if (alias.name == device) return machines.load(alias.machine);
  }
  return nullptr;
}

// The machine of a note's row: one machine is known by its NPU, the first word.
std::shared_ptr<const Machine> machine_of_note(Machines& machines, const CsvRow& row) {
  if (auto known = machine_of(machines, row.text("system"))) return known;
  constexpr std::array notes = {Alias{"A100", "dgx-a100"}, Alias{"H100", "dgx-h100"},
                                Alias{"H200", "dgx-h200"}, Alias{"B200", "dgx-b200"}};
  for (const Alias& note : notes) {
    const bool alone = row.count_or("nodes", 1) == 1;
    if (alone && row.text("system").rfind(note.name, 0) == 0) return machines.load(note.machine);
  }
  return nullptr;
}

// What the NCCL tests call a collective; bus bandwidth is the bytes that cross a link in a ring over time.
struct Called {
  std::string_view name;
  std::string_view help;
  CollectiveKind kind;
  double passes;  // of the buffer's (n-1)/n, or of all of it where `whole`
  bool whole = false;
};
constexpr std::array calls = {
    Called{"all_reduce", "the sum everywhere", CollectiveKind::AllReduce, 2.0},
    Called{"all_gather", "all shards everywhere", CollectiveKind::AllGather, 1.0},
    Called{"reduce_scatter", "the sum, a shard each", CollectiveKind::ReduceScatter, 1.0},
    Called{"alltoall", "a shard to each", CollectiveKind::AllToAll, 1.0},
    Called{"all_to_all", "a shard to each", CollectiveKind::AllToAll, 1.0},
    Called{"broadcast", "from one to all", CollectiveKind::Broadcast, 1.0, true},
    Called{"reduce", "the sum at one", CollectiveKind::Reduce, 1.0, true},
};

const Called& called(std::string_view name) {
  return find_in_catalogue(std::span<const Called>(calls), name, "collective");
}

// Called with S bytes as the NCCL tests count them: the larger of the input and output buffer.
Collective as_called(std::string_view name, double bytes, int npus) {
  const CollectiveKind kind = called(name).kind;
  if (!(bytes <= largest_bytes)) throw InputError("more than 1e15 bytes");
  return {kind, Bytes(static_cast<std::int64_t>(kind == CollectiveKind::AllGather ? bytes / npus : bytes))};
}

double bus_bytes(std::string_view name, double bytes, int npus) {
  const Called& call = called(name);
  return call.passes * bytes * (call.whole ? 1.0 : (npus - 1.0) / npus);
}

// Switches add floating-point numbers only.
std::shared_ptr<const Machine> without_switch_reduction(const Machine& machine) {
  auto plain = std::make_shared<Machine>(machine);
  for (FabricDimension& dimension : plain->dimensions) dimension.software.in_switch = 0.0;
  return plain;
}

int npus_of(const CsvRow& row, std::string_view column) { return static_cast<int>(row.count(column)); }

}  // namespace

Measurement measured_collective(const MeasuredCollective& row) {
  const Collective call = as_called(row.name, row.bytes, row.npus);
  const Network network = row.machine->network(row.npus);
  Measurement result{
      .label = fmt::format("{} {} of {:.0f} B on {} NPUs", row.machine->name, row.name, row.bytes, row.npus),
      .measured = row.us};
  const auto price = [machine = row.machine, call, network,
                      group = whole_network(network)](const Calibration& calibration) {
    Machine calibrated = *machine;
    calibrate(calibrated, calibration);
    const CollectivePrice priced = collective_price(calibrated, network, group, call);
    return std::pair(priced.latency_ns, collective_ns(calibrated, network, group, call));
  };
  result.predict = [price, call_us = row.call_us](const Calibration& calibration) {
    return call_us + price(calibration).second * 1e-3;
  };
  const double switches = row.bytes / (low_latency_bytes * (row.npus - 1));  // of protocol, at 1
  const bool near = row.machine->dimensions[0].software.low_latency > 0.0 && switches > 0.5 && switches < 2.0;
  const std::string note = near ? ", near the size at which the library changes its protocol" : "";
  result.parts = [price, note, call_us = row.call_us](const Calibration& calibration) {
    const auto [latency_ns, whole_ns] = price(calibration);
    return largest_parts({{"steps and latency", latency_ns},
                          {"bytes", whole_ns - latency_ns},
                          {"the call", call_us * 1e3}}) +
           note;
  };
  const double megabytes = row.bytes / (1 << 20);
  result.family = fmt::format("{} {} on {} NPUs, {} 16 MiB", row.machine->name, row.name, row.npus,
                              megabytes <= 16.0 ? "up to" : "above");
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    result.constants.push_back(row.machine->dimensions[d].constants_name);
  }
  return result;
}

Measurement measured_gemm(std::shared_ptr<const Machine> machine, const Gemm& gemm, double measured_ms) {
  Measurement result{
      .label = fmt::format("{} {:.0f} x {:.0f} x {:.0f}", machine->npu.name, gemm.m, gemm.n, gemm.k),
      .measured = measured_ms,
      .constants = {machine->npu.constants_name},
      .family = fmt::format("{} with {:.0f} columns", machine->npu.name, gemm.n)};
  const auto npu_with = [machine](const Calibration& calibration) {
    Npu npu = machine->npu;
    npu.constants = npu_constants(calibration, npu.constants_name);
    return npu;
  };
  result.predict = [npu_with, gemm](const Calibration& calibration) {
    return gemm_ns(npu_with(calibration), Precision::Bf16, gemm) * 1e-6;
  };
  const double bytes = 2.0 * (gemm.m * gemm.k + gemm.k * gemm.n + gemm.m * gemm.n);
  const bool cached = measured_ms * 1e6 < bytes / machine->npu.memory_gb_per_s;
  result.parts = [npu_with, gemm, bytes, cached](const Calibration& calibration) {
    const Npu npu = npu_with(calibration);
    const double start_ns = npu.constants.kernel_overhead_us * 1e3;
    const double memory_ns = streaming_ns(npu, bytes) - start_ns;
    const double rest_ns = gemm_ns(npu, Precision::Bf16, gemm) - start_ns - memory_ns;
    return largest_parts({{"start of the kernel", start_ns},
                          {"memory", memory_ns},
                          {"tiles beyond what memory takes", std::max(0.0, rest_ns)}}) +
           (cached ? ", measured faster than memory can be: the operands were in the cache" : "");
  };
  return result;
}

RowsRead read_gemm_sample(const std::filesystem::path& file) {
  Machines machines;
  return read_rows(file, [&](const CsvRow& row) -> std::optional<Measurement> {
    const auto machine = machine_of(machines, row.text("system"));
    if (!machine) return std::nullopt;
    const Gemm gemm{row.number("m"), row.number("n"), row.number("k")};
    if (gemm.m < 1.0 || gemm.n < 1.0 || gemm.k < 1.0) return std::nullopt;
    if (!(gemm.flop() <= largest_flop)) throw InputError("more than 1e24 FLOP");
    return measured_gemm(machine, gemm, row.number("latency_ms"));
  });
}

RowsRead read_nccl_sample(const std::filesystem::path& file) {
  Machines machines;
  return read_rows(file, [&](const CsvRow& row) -> std::optional<Measurement> {
    auto machine = machine_of(machines, row.text("system"));
    const double bytes = row.number("bytes_assuming_dtype");
    if (!machine || bytes <= smallest_collective_bytes) return std::nullopt;
    if (row.text("dtype") == "int8") machine = without_switch_reduction(*machine);
    return measured_collective(
        {machine, row.text("collective"), bytes, npus_of(row, "gpus"), row.number("latency_ms") * 1e3});
  });
}

RowsRead read_nccl_all_reduce(const std::filesystem::path& file) {
  Machines machines;
  return read_rows(file, [&](const CsvRow& row) -> std::optional<Measurement> {
    const auto machine = machine_of(machines, row.text("gpu"));
    const double bytes = row.number("size_bytes");
    if (!machine || bytes <= smallest_collective_bytes) return std::nullopt;
    return measured_collective(
        {machine, "all_reduce", bytes, npus_of(row, "num_gpus"), row.number("oop_time_ns") * 1e-3});
  });
}

RowsRead read_nccl_bus_bandwidth(const std::filesystem::path& file) {
  Machines machines;
  return read_rows(file, [&](const CsvRow& row) -> std::optional<Measurement> {
    const auto machine = machine_of_note(machines, row);
    const double bytes = row.number("size_bytes");
    if (!machine || bytes <= smallest_collective_bytes || !row.has("gpus")) return std::nullopt;
    const int npus = npus_of(row, "gpus");
    const double us = bus_bytes(row.text("collective"), bytes, npus) / row.number("busbw_GBps") * 1e-3;
    const double call_us = row.text("tool") == "all_reduce_bench.py" ? python_call_us : 0.0;
    return measured_collective({machine, row.text("collective"), bytes, npus, us, call_us});
  });
}

}  // namespace bandwright
