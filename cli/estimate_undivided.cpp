#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "cli/estimate.h"
#include "training/undivided.h"

namespace bandwright {
namespace {

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

Document document_of(const Work& work, const GraphEstimate& result) {
  const Rates rates = rates_of(work, result.step_ns);
  return estimate_document({.name = work.name,
                            .machine = work.machine,
                            .npus = work.network.npus(),
                            .item = work.item,
                            .items = work.items,
                            .tensor = work.tensor,
                            .division = work.division,
                            .parameters = work.parameters,
                            .memory = work.memory,
                            .notes = work.notes,
                            .items_per_s = rates.items_per_s,
                            .tflop_per_s_per_npu = rates.tflop_per_s_per_npu,
                            .mfu = rates.mfu,
                            .usd_per_million_items = rates.usd_per_million_items,
                            .step_ns = result.step_ns,
                            .breakdown = result.breakdown});
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
  write_answer(options.output, document_of(work, result));
}

}  // namespace bandwright
