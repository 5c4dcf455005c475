#include "answers/estimate.h"

#include <fmt/format.h>

#include "answers/memory_fit.h"
#include "report/unit.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

std::string npus_text(std::int64_t npus, const Machine& machine) {
  return fmt::format("{} NPU{} of {}", quantity(static_cast<double>(npus), Unit::Count), npus == 1 ? "" : "s",
                     machine.name);
}

// "46.7 billion parameters, 12.9 active".
std::string parameters_text(const TransformerArchitecture& model) {
  const std::string active =
      model.sparse() ? fmt::format(", {:.1f} active", active_parameters(model) * 1e-9) : "";
  return fmt::format("{:.1f} billion parameters{}", parameters(model) * 1e-9, active);
}

std::optional<double> if_priced(double usd) { return usd > 0.0 ? std::optional(usd) : std::nullopt; }

std::string price_text(double usd, std::string_view item, const Machine& machine) {
  return fmt::format("{} at ${:g} per NPU and hour",
                     quantity(usd, Unit::Usd) + " per million " + std::string(item),
                     machine.npu.usd_per_hour);
}

Table breakdown_table(const std::vector<BreakdownLine>& breakdown, double step_ns) {
  Table table = Table::of("breakdown");
  table.main = true;
  table.column("part").column("exposed_s").column("share", "of the step").column("hidden_s");
  for (const BreakdownLine& line : breakdown) {
    table.rows.push_back({line.name, line.exposed_ns / 1e9, line.exposed_ns / step_ns, line.hidden_ns / 1e9});
  }
  table.total = {"step", step_ns / 1e9, 1.0, Value()};
  return table;
}

Chart breakdown_chart(const std::vector<BreakdownLine>& breakdown) {
  Chart::Panel panel{
      .title = "", .series = {{"exposed", {}, {}, Chart::Mark::Bars}, {"hidden", {}, {}, Chart::Mark::Bars}}};
  for (const BreakdownLine& line : breakdown) {
    const auto place = static_cast<double>(panel.groups.size());
    panel.groups.push_back(line.name);
    for (Chart::Series& series : panel.series) series.x.push_back(place);
    panel.series[0].y.push_back(line.exposed_ns / 1e9);
    panel.series[1].y.push_back(line.hidden_ns / 1e9);
  }
  return {.name = "parts",
          .caption = "where the step goes",
          .x = {"part"},
          .y = {"s"},
          .panels = {std::move(panel)}};
}

// What is counted of a bill that leaves something out.
std::vector<MemoryBill::Line> counted(const MemoryBill& bill) {
  std::vector<MemoryBill::Line> lines = bill.lines();
  std::erase_if(lines, [](const MemoryBill::Line& line) { return line.bytes == 0.0; });
  return lines;
}

}  // namespace

Facts placement_facts(const Offload& offload) {
  const PlacementSummary& placement = offload.placement;
  const ComputeSlowdown& slowdown = offload.slowdown;
  const Bytes slow = placement.replay->peak_slow;
  Facts facts = Facts::of("placement", "tensors in two memories");
  facts.fact("tiers", offload.tiers.name).fact("policy", placement.policy);
  facts.fact("fast_limit_bytes", offload.fast, "", offload.tiers.fast.name);
  facts.fact("peak_slow_bytes", slow, "at most " + quantity(to_double(slow), Unit::Memory),
             offload.tiers.slow.name);
  facts.data("to_slow_bytes", placement.to_slow).data("to_fast_bytes", placement.to_fast);
  if (placement.gap() > 2 * offload_gap) {
    facts.fact("gap", placement.gap());
  } else {
    facts.data("gap", placement.gap());
  }
  facts.line(
      "compute takes",
      fmt::format("{:.2f} x forward, {:.2f} x backward, {:.2f} x in the optimizer of its time in fast memory",
                  slowdown.forward, slowdown.backward, slowdown.update));
  facts.data("forward_slowdown", slowdown.forward)
      .data("backward_slowdown", slowdown.backward)
      .data("optimizer_slowdown", slowdown.update);
  facts.fact("linear_model_median_error", linear_model_median_error);
  return facts;
}

Document estimate_document(const EstimateAnswer& answer) {
  return std::visit([](const auto& each) { return estimate_document(each); }, answer);
}

Document estimate_document(const TransformerEstimate& answer) {
  const TrainingJob& job = answer.job;
  const TrainingEstimate& result = answer.result;
  const Parallelism& p = job.parallelism;
  Document document{.title = fmt::format("{} ({}) on {}", job.model.name, parameters_text(job.model),
                                         npus_text(p.npus(), job.machine)),
                    .verdict = fit_verdict(result),
                    .notes = answer.notes};
  document.line("", division_text(p));
  document.data("model", job.model.name).data("machine", job.machine.name).data("npus", p.npus());
  document.data("parameters", static_cast<std::int64_t>(parameters(job.model)))
      .data("active_parameters", static_cast<std::int64_t>(active_parameters(job.model)));
  Facts rates;
  const StepInterval& interval = answer.interval;
  rates.fact("step_time_s", result.step_ns / 1e9)
      .data("step_time_low_s", interval.low_ns / 1e9)
      .data("step_time_high_s", interval.high_ns / 1e9);
  rates.line("nine of ten", fmt::format("{} to {}, by errors of runs like it",
                                        quantity(interval.low_ns / 1e9, Unit::Seconds),
                                        quantity(interval.high_ns / 1e9, Unit::Seconds)));
  rates.fact("tokens_per_s", result.tokens_per_s)
      .fact("tflop_per_s_per_npu", result.tflop_per_s_per_npu)
      .fact("mfu", result.mfu)
      .fact("hfu", result.hfu);
  const std::optional<double> price = if_priced(result.usd_per_million_tokens);
  rates.fact("usd_per_million_tokens", price, price ? price_text(*price, "tokens", job.machine) : "",
             "price");
  document.add(std::move(rates));
  add_fit(document, result);
  document.add(division_facts(p));
  if (answer.offload) {
    document.add(placement_facts(*answer.offload));
  } else {
    document.data("placement", Value());
  }
  document.add(List::of("interval_from", "measured runs most like it", interval.runs));
  document.add(breakdown_table(result.breakdown, result.step_ns));
  document.add(breakdown_chart(result.breakdown)).add(memory_table(result.memory.lines()));
  return document;
}

Document estimate_document(const UndividedEstimate& answer) {
  const UndividedStep& step = answer.step;
  const std::int64_t npus = step.network.npus();
  const double step_ns = answer.result.step_ns;
  const std::string size =
      step.parameters > 0.0 ? fmt::format(" ({:.1f} million parameters)", step.parameters * 1e-6) : "";
  const double capacity = answer.memory_capacity();
  Document document{.title = fmt::format("{}{} on {}", step.name, size, npus_text(npus, step.machine)),
                    .notes = step.notes};
  document.verdict = step.memory ? fit_verdict(step.memory->total(), capacity)
                                 : Verdict{"step " + quantity(step_ns / 1e9, Unit::Seconds)};
  document.line("", step.division);
  document.data("model", step.name).data("machine", step.machine.name).data("npus", npus);
  document.data("item", step.item).data("items_per_step", step.items);
  document.data("parameters",
                step.parameters > 0.0 ? Value(static_cast<std::int64_t>(step.parameters)) : Value());
  Facts rates;
  rates.fact("step_time_s", step_ns / 1e9)
      .fact("items_per_s", answer.items_per_s,
            fmt::format("{} {}/s", significant(answer.items_per_s), step.item))
      .fact("tflop_per_s_per_npu", answer.tflop_per_s_per_npu)
      .fact("mfu", answer.mfu);
  const std::optional<double> price = if_priced(answer.usd_per_million_items);
  rates.fact("usd_per_million_items", price, price ? price_text(*price, step.item, step.machine) : "",
             "price");
  document.add(std::move(rates));
  document.data("fits", step.memory ? Value(step.memory->total() <= capacity) : Value())
      .data("memory_bytes", step.memory ? Value(step.memory->total()) : Value())
      .data("memory_capacity_bytes", capacity);
  Facts division = Facts::of("division");
  division.data("tensor", step.tensor).data("data", npus / step.tensor);
  document.add(std::move(division)).add(breakdown_table(answer.result.breakdown, step_ns));
  document.add(breakdown_chart(answer.result.breakdown));
  if (step.memory) {
    document.add(memory_table(counted(*step.memory)));
  } else {
    document.data("memory", Value());
  }
  return document;
}

}  // namespace bandwright
