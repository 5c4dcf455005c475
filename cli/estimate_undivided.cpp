#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/estimate.h"
#include "training/undivided.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t most_items = 1'000'000'000;

// What is estimated, and what of it is known.
struct Work {
  std::string name;
  Machine machine;
  Network network;
  Step graph;
  std::string item;          // "images": what is counted
  std::int64_t items = 0;    // of a step, all NPUs together
  std::int64_t tensor = 1;   // NPUs of one replica
  std::string division;      // for people
  double parameters = 0.0;   // 0: not known
  double flop = 0.0;         // of a step, all NPUs together; 0: not known
  double peak_per_ns = 0.0;  // FLOP of one NPU; 0: it has no such matrix units
  std::optional<MemoryBill> memory;
  std::vector<std::string> notes;
};

// What is counted of a bill that leaves something out.
std::vector<MemoryBill::Line> counted(const MemoryBill& bill) {
  std::vector<MemoryBill::Line> lines = bill.lines();
  std::erase_if(lines, [](const MemoryBill::Line& line) { return line.bytes == 0.0; });
  return lines;
}

struct Rates {
  double items_per_s = 0.0;
  std::optional<double> tflop_per_s_per_npu;
  std::optional<double> mfu;
  double usd_per_million_items = 0.0;  // 0: the machine has no price
};

Rates rates_of(const Work& work, double step_ns) {
  const auto npus = static_cast<double>(work.network.npus());
  Rates rates{.items_per_s = static_cast<double>(work.items) / step_ns * 1e9};
  rates.usd_per_million_items = work.machine.npu.usd_per_hour * npus / 3600.0 / rates.items_per_s * 1e6;
  if (work.flop <= 0.0) return rates;
  const double flop_per_ns = work.flop / step_ns / npus;
  rates.tflop_per_s_per_npu = flop_per_ns * 1e-3;
  if (work.peak_per_ns > 0.0) rates.mfu = flop_per_ns / work.peak_per_ns;
  return rates;
}

std::int64_t npus_of(const EstimateOptions& options) {
  return parse_option("--npus", options.training.npus,
                      [](std::string_view text) { return parse_integer(text, 1, max_npus); });
}

// Images of one NPU in a step.
std::int64_t batch_of(const EstimateOptions& options, const ImageModel& model, std::int64_t npus) {
  if (options.training.global_batch.empty()) return model.batch;
  const std::int64_t batch =
      parse_option("--global-batch", options.training.global_batch,
                   [](std::string_view text) { return parse_integer(text, 1, most_items); });
  if (batch % npus != 0) {
    const std::int64_t below = batch / npus * npus;
    throw InputError(fmt::format("a global batch of {} does not divide by {} NPUs (nearest that do: {}{})",
                                 batch, npus, below > 0 ? fmt::format("{}, ", below) : "", below + npus));
  }
  return batch / npus;
}

// FLOP/s of one NPU: what was measured of the machine, or the bound of the network's layers.
double image_speed(const ImageModel& model, const Machine& machine, Precision precision,
                   std::vector<std::string>& notes) {
  const MeasuredRates* measured = machine.find_measured(model.name);
  if (measured != nullptr && measured->items_per_second.contains(1)) {
    const double rate = measured->items_per_second.at(1);
    notes.push_back(
        fmt::format("compute is calibrated on one NPU alone: {:.4g} images/s ({})", rate, measured->source));
    return rate * static_cast<double>(model.flops_per_image());
  }
  notes.push_back(
      fmt::format("compute is the roofline of the layers in {}, with {} images in a pass: a bound that "
                  "nothing was fitted to",
                  precision_name(precision), model.batch));
  return roofline_flop_per_s(model, machine.npu, precision);
}

Work images(const EstimateOptions& options, const ImageModel& model) {
  Work work{.name = model.name, .machine = load_machine(options.training.system)};
  const std::int64_t npus = npus_of(options);
  const std::int64_t each = batch_of(options, model, npus);
  const Precision units = parse_option("--precision", options.training.precision, precision);
  const double flop_per_s = image_speed(model, work.machine, units, work.notes);
  work.network = work.machine.network(npus);
  work.graph = image_step(model, work.machine, work.network, static_cast<double>(each), flop_per_s);
  work.item = "images";
  work.items = each * npus;
  work.division = fmt::format("DP {}, {} images on each NPU", npus, each);
  work.parameters = static_cast<double>(model.parameters());
  work.flop = static_cast<double>(model.flops_per_image()) * static_cast<double>(work.items);
  work.peak_per_ns = work.machine.npu.peak_flop_per_ns[static_cast<std::size_t>(units)];
  work.memory = memory_bill(model, each);
  if (work.peak_per_ns == 0.0) {
    work.notes.push_back(fmt::format("no MFU: the NPU has no {} matrix units", precision_name(units)));
  }
  work.notes.emplace_back("gradients are reduced when a phase's backward pass has ended, beside nothing");
  work.notes.emplace_back("memory is without what the library and its allocator take");
  return work;
}

Work table(const EstimateOptions& options, const Model& model) {
  Work work{.name = model.name, .machine = load_machine(options.training.system)};
  const std::int64_t npus = npus_of(options);
  const TrainingLoop& loop = training_loops().front();
  work.network = work.machine.network(npus);
  work.graph = table_step(model, work.machine, work.network, loop);
  work.item = "replica steps";
  work.tensor = model.tensor_parallel;
  work.items = npus / work.tensor;
  work.division = fmt::format("TP {} DP {}, divided as the table says", work.tensor, work.items);
  work.notes.emplace_back("compute is the layer table's: times at a fixed rate, whatever the NPU");
  work.notes.emplace_back(
      "the table has neither FLOP (no MFU), nor memory, nor how many samples a replica's step takes");
  work.notes.push_back(fmt::format("training loop {}: {}", loop.name, loop.help));
  return work;
}

std::string as_text(const Work& work, const GraphEstimate& result) {
  const Rates rates = rates_of(work, result.step_ns);
  const std::int64_t npus = work.network.npus();
  const std::string size =
      work.parameters > 0.0 ? fmt::format(" ({:.1f} million parameters)", work.parameters * 1e-6) : "";
  std::string text = fmt::format("{}{} on {} NPU{} of {}\n{}\n\nstep {:.3f} ms   {:.4g} {}/s", work.name,
                                 size, npus, npus == 1 ? "" : "s", work.machine.name, work.division,
                                 result.step_ns * 1e-6, rates.items_per_s, work.item);
  if (rates.tflop_per_s_per_npu) {
    text += fmt::format("   {:.3g} TFLOP/s per NPU", *rates.tflop_per_s_per_npu);
  }
  if (rates.mfu) text += fmt::format("   MFU {:.1f} %", 100.0 * *rates.mfu);
  text += '\n';
  if (rates.usd_per_million_items > 0.0) {
    text += fmt::format("{:.3f} $ per million {} at {} $ per NPU and hour\n", rates.usd_per_million_items,
                        work.item, work.machine.npu.usd_per_hour);
  }
  text += '\n' + aligned(breakdown_table(result.breakdown, result.step_ns)) + '\n';
  if (work.memory) {
    const double capacity = work.machine.npu.memory_bytes;
    text += aligned(memory_table(counted(*work.memory))) +
            fmt::format("\n{} into {:.0f} GiB\n\n",
                        work.memory->total() <= capacity ? "fits" : "does not fit", capacity / gib);
  }
  for (const std::string& note : work.notes) text += "note: " + note + '\n';
  return text;
}

Json known(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

std::string as_json(const Work& work, const GraphEstimate& result) {
  const Rates rates = rates_of(work, result.step_ns);
  const double capacity = work.machine.npu.memory_bytes;
  Json root;
  root["schema_version"] = 1;
  root["model"] = work.name;
  root["system"] = work.machine.name;
  root["npus"] = work.network.npus();
  root["parallelism"] = {{"tensor", work.tensor}, {"data", work.network.npus() / work.tensor}};
  root["step_time_ms"] = result.step_ns * 1e-6;
  root["item"] = work.item;
  root["items_per_step"] = work.items;
  root["items_per_s"] = rates.items_per_s;
  root["tflop_per_s_per_npu"] = known(rates.tflop_per_s_per_npu);
  root["mfu"] = known(rates.mfu);
  root["memory_gib"] = work.memory ? Json(work.memory->total() / gib) : Json();
  root["memory_capacity_gib"] = capacity / gib;
  root["fits"] = work.memory ? Json(work.memory->total() <= capacity) : Json();
  root["memory"] = work.memory ? memory_json(counted(*work.memory)) : Json();
  root["usd_per_million_items"] = rates.usd_per_million_items;
  root["breakdown"] = breakdown_json(result.breakdown);
  root["notes"] = work.notes;
  return root.dump(2) + '\n';
}

void refuse_options(const EstimateOptions& options, bool is_table) {
  for (const std::string& name : options.given) {
    if (name == "--precision" && !is_table) continue;
    throw InputError(fmt::format("{} is for transformers; {} is {}", name, options.model,
                                 is_table ? "a layer table" : "data parallel"));
  }
  if (is_table && !options.training.global_batch.empty()) {
    throw InputError(fmt::format(
        "--global-batch: {} is a layer table, of fixed work on each replica: its batch cannot be set",
        options.model));
  }
}

}  // namespace

void estimate_undivided(const EstimateOptions& options, const ModelFile& model) {
  const bool is_table = model.kind == ModelKind::Table;
  refuse_options(options, is_table);
  const YamlValue root = YamlValue::load(model.file);
  const Work work = is_table ? table(options, read_model(root)) : images(options, read_image_model(root));
  std::vector<double> gb_per_s = given_bandwidths(options, work.network);
  if (gb_per_s.empty()) gb_per_s = work.machine.gb_per_s(work.network);
  const GraphEstimate result = estimate(work.graph, work.network, gb_per_s);
  if (!(result.step_ns > 0.0)) throw InputError(work.name + ": a step takes no time");
  if (!options.timeline.empty()) {
    write_output({.file = options.timeline}, chrome_trace(result.timeline, work.graph));
  }
  switch (options.output.format) {
    case OutputFormat::Text:
      return write_output(options.output, as_text(work, result));
    case OutputFormat::Csv:
      return write_output(options.output, as_csv(breakdown_table(result.breakdown, result.step_ns)));
    case OutputFormat::Json:
      return write_output(options.output, as_json(work, result));
  }
}

}  // namespace bandwright
