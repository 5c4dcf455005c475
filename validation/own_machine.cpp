#include "validation/own_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "core/error.h"
#include "core/io/paths.h"
#include "core/rounding.h"
#include "core/text.h"
#include "core/units.h"
#include "validation/fit.h"
#include "validation/kernel_sets.h"
#include "validation/read_rows.h"

namespace bandwright {
namespace {

constexpr int fit_evaluations = 1500;  // per stage

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(std::move(word));
  return words;
}

// What stands before the rows of a test; another test's may follow them.
struct Heading {
  std::string collective;
  int ranks = 0;
  bool followed = false;  // by rows
};

void read_heading(const std::string& line, Heading& heading) {
  constexpr std::string_view suffix = "_perf";
  const std::size_t end = line.find(suffix);
  const bool is_rank = line.find(" Rank ") != std::string::npos && line.find("device") != std::string::npos;
  if (end == std::string::npos && !is_rank) return;
  if (heading.followed) heading = {};
  if (end != std::string::npos) {
    const std::size_t begin = line.find_last_of(" /\t", end) + 1;  // 0 where there is none
    heading.collective = line.substr(begin, end - begin);
  }
  if (is_rank) ++heading.ranks;
}

// "size count type redop root time algbw busbw #wrong ...": bytes and microseconds; tests without an
// operation or a root print N/A, "none" or -1 there.
struct TestRow {
  double bytes = 0.0;
  double us = 0.0;
};
std::optional<TestRow> test_row(const std::string& line, const Place& place) {
  const std::vector<std::string> words = words_of(line);
  if (words.empty() || words[0].find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  if (words.size() < 8)
    throw InputError(place, "expected size, count, type, redop, root, time and bandwidths");
  return placed(place, [&] {
    return TestRow{parse_number(words[0], 0.0, 1e18), parse_number(words[5], 1e-3, 1e12)};
  });
}

FitStage stage_of(std::string name, const std::string& kind, const DataSet& set,
                  std::vector<FittedConstant> constants) {
  for (FittedConstant& each : constants) each.kind = kind;
  if (set.rows.size() < constants.size()) constants.resize(1);
  return {std::move(name), {set.name}, std::move(constants)};
}

// The dimension whose links the collectives tell most of: the outermost that all of them cross.
std::size_t told_dimension(const DataSet& collectives) {
  std::size_t most = collectives.rows.front().constants.size();
  for (const Measurement& row : collectives.rows) most = std::min(most, row.constants.size());
  return most - 1;
}

std::vector<FitStage> stages_of(const Machine& machine, const OwnMeasurements& measured) {
  std::vector<FitStage> stages;
  const std::string& npu = machine.npu.constants_name;
  if (!measured.gemms.rows.empty()) {
    stages.push_back(stage_of("matrix multiplications", npu, measured.gemms,
                              {{"", "gemm_efficiency", 0.05, 1.2},
                               {"", "memory_efficiency", 0.05, 1.2},
                               {"", "kernel_overhead_us", 0.1, 50.0},
                               {"", "slice_ns", 1.0, 500.0}}));
  }
  if (!measured.collectives.rows.empty()) {
    const std::string& links = machine.dimensions[told_dimension(measured.collectives)].constants_name;
    stages.push_back(stage_of(
        "collectives", links, measured.collectives,
        {{"", "efficiency", 0.02, 1.5}, {"", "latency_us", 0.1, 1000.0}, {"", "step_us", 0.1, 300.0}}));
  }
  if (!measured.steps.rows.empty()) {
    stages.push_back(stage_of("training steps", npu, measured.steps, {{"", "sustained", 0.05, 1.5}}));
  }
  return stages;
}

std::vector<double> errors(const std::vector<DataSet>& sets, const Calibration& calibration) {
  std::vector<double> all;
  for (const DataSet& set : sets) {
    for (const Measurement& row : set.rows) all.push_back(relative_error(row, calibration));
  }
  return all;
}

std::string source(const OwnMeasurements& measured) {
  std::vector<std::string> parts;
  for (const DataSet* set : {&measured.gemms, &measured.collectives, &measured.steps}) {
    if (!set->rows.empty()) parts.push_back(fmt::format("{} ({} rows)", set->name, set->rows.size()));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

DataSet read_own_gemms(const std::filesystem::path& file, const Machine& machine) {
  const auto shared = std::make_shared<const Machine>(machine);
  RowsRead read = read_rows(file, [&](const CsvRow& row) -> std::optional<Measurement> {
    const Gemm gemm{static_cast<double>(row.count("m")), static_cast<double>(row.count("n")),
                    static_cast<double>(row.count("k"))};
    const double ms = row.has("latency_ms") ? row.number("latency_ms") : row.number("latency_us") * 1e-3;
    return measured_gemm(shared, gemm, ms);
  });
  return {"own_gemms", "ms", std::move(read.rows), std::move(read.not_run)};
}

DataSet read_nccl_tests(const std::filesystem::path& file, const Machine& machine,
                        std::string_view collective, int npus) {
  const auto shared = std::make_shared<const Machine>(machine);
  Heading heading;
  std::istringstream text(read_text_file(file));
  DataSet set{"own_collectives", "us", {}, {}};
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    const Place place{file.string(), ++number};
    if (line.find('#') == 0 || line.find("_perf") != std::string::npos) {
      read_heading(line, heading);
      continue;
    }
    const std::optional<TestRow> row = test_row(line, place);
    heading.followed = heading.followed || row.has_value();
    if (!row || row->bytes <= smallest_collective_bytes) continue;
    const std::string name = collective.empty() ? heading.collective : std::string(collective);
    const int ranks = npus > 0 ? npus : heading.ranks;
    if (name.empty()) throw InputError(place, "the heading does not say which collective; give --collective");
    if (ranks < 2) throw InputError(place, "the heading does not say of how many NPUs; give --npus");
    set.rows.push_back(placed(place, [&] {
      return measured_collective({shared, name, row->bytes, ranks, row->us});
    }));
  }
  if (set.rows.empty()) {
    throw InputError(
        Place{file.string()},
        "no rows above 1 MiB, expected what one of the NCCL tests prints (all_reduce_perf -b 8M -e 8G)");
  }
  return set;
}

OwnMachine fit_own_machine(Machine machine, const OwnMeasurements& measured) {
  const std::vector<DataSet> sets = {measured.gemms, measured.collectives, measured.steps};
  const std::vector<FitStage> stages = stages_of(machine, measured);
  if (stages.empty()) throw InputError("nothing to fit: no measurement was read");
  const Calibration shipped = shipped_calibration();
  Calibration fitted = shipped;
  OwnMachine own;
  for (const FitStage& stage : stages) {
    fitted = fit_stage(stage, sets, fitted, fit_evaluations).calibration;
    for (const FittedConstant& each : stage.constants) {
      double& number = constant(fitted, each);
      number = rounded_to(number, 4);
      Calibration before = shipped;
      own.constants.push_back({each.kind, each.field, constant(before, each), constant(fitted, each)});
    }
  }
  own.before = errors(sets, shipped);
  own.after = errors(sets, fitted);
  const std::string words = source(measured);
  if (!measured.gemms.rows.empty() || !measured.steps.rows.empty()) {
    machine.npu.own_constants = npu_constants(fitted, machine.npu.constants_name);
    machine.npu.own_constants->source = words;
  }
  if (!measured.collectives.rows.empty()) {
    const std::string links = machine.dimensions[told_dimension(measured.collectives)].constants_name;
    for (FabricDimension& dimension : machine.dimensions) {
      if (dimension.constants_name != links) continue;
      const auto found = std::find_if(fitted.fabrics.begin(), fitted.fabrics.end(),
                                      [&](const auto& fabric) { return fabric.first == links; });
      dimension.own_constants = found->second;
      dimension.own_constants->source = words;
    }
  }
  calibrate(machine, shipped);
  own.machine = std::move(machine);
  return own;
}

}  // namespace bandwright
