#include "study/job/undivided_step.h"

#include <fmt/format.h>

#include <array>

#include "study/job/job_options.h"
#include "study/job/table_training.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_items = 1'000'000'000;
constexpr std::array division_groups = {OptionGroup::Divisions, OptionGroup::Finer, OptionGroup::Memories};

std::int64_t npus_of(const Job& job) {
  if (job.npus.empty()) throw InputError("a model on a machine needs --npus");
  return read_count(job, &Job::npus, max_npus);
}

// Images of one NPU in a step.
std::int64_t batch_of(const Job& job, const ImageModel& model, std::int64_t npus) {
  if (job.global_batch.empty()) return model.batch;
  const std::int64_t batch = read_count(job, &Job::global_batch, most_items);
  if (batch % npus != 0) {
    const std::int64_t below = batch / npus * npus;
    throw InputError(fmt::format("a global batch of {} does not divide by {} NPUs (nearest that do: {}{})",
                                 batch, npus, below > 0 ? fmt::format("{}, ", below) : "", below + npus));
  }
  return batch / npus;
}

}  // namespace

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

UndividedStep undivided_step(const Job& job, const ImageModel& model, Machine machine) {
  constexpr std::array<std::string Job::*, 2> allowed = {&Job::global_batch, &Job::precision};
  const std::string why = fmt::format("is for transformers; {} is data parallel", job.model);
  refuse_given(job, division_groups, allowed, why);
  if (!job.recompute.empty()) throw InputError(fmt::format("--recompute {}", why));
  refuse_table_words(job, "a network on images");
  UndividedStep step{.name = model.name, .machine = std::move(machine)};
  const std::int64_t npus = npus_of(job);
  const std::int64_t each = batch_of(job, model, npus);
  const Precision units = read_word(job, &Job::precision, precision);
  const double flop_per_s = image_speed(model, step.machine, units, step.notes);
  step.network = step.machine.network(npus);
  step.graph = image_step(model, step.machine, step.network, static_cast<double>(each), flop_per_s);
  step.item = "images";
  step.items = each * npus;
  step.division = fmt::format("DP {}, {} images on each NPU", npus, each);
  step.parameters = static_cast<double>(model.parameters());
  step.flop = static_cast<double>(model.flops_per_image()) * static_cast<double>(step.items);
  step.peak_per_ns = step.machine.npu.peak_flop_per_ns[static_cast<std::size_t>(units)];
  step.memory = memory_bill(model, each);
  if (step.peak_per_ns == 0.0) {
    step.notes.push_back(fmt::format("no MFU: the NPU has no {} matrix units", precision_name(units)));
  }
  step.notes.emplace_back("gradients are reduced when a phase's backward pass has ended, beside nothing");
  step.notes.emplace_back("memory is without what the library and its allocator take");
  return step;
}

UndividedStep undivided_step(const Job& job, const Model& table, Machine machine, const Library& library) {
  if (!job.global_batch.empty()) {
    throw InputError(fmt::format(
        "--global-batch: {} is a layer table, of fixed work on each replica: its batch cannot be set",
        job.model));
  }
  UndividedStep step{.name = table.name, .machine = std::move(machine)};
  const std::int64_t npus = npus_of(job);
  const auto [trained, loop, options] = table_training(job, table, library);
  step.network = step.machine.network(npus);
  step.graph = table_step(trained, step.machine, step.network, *loop, options);
  step.item = "replica steps";
  step.tensor = table.tensor_parallel;
  step.items = npus / step.tensor;
  step.division = fmt::format("TP {} DP {}, divided as the table says", step.tensor, step.items);
  step.notes.emplace_back("compute is the layer table's: times at a fixed rate, whatever the NPU");
  step.notes.emplace_back(
      "the table has neither FLOP (no MFU), nor memory, nor how many samples a replica's step takes");
  step.notes.push_back(fmt::format("training loop {}: {}", loop->name, loop->help));
  return step;
}

}  // namespace bandwright
