#include "answers/estimate.h"

#include <fmt/format.h>

#include "answers/memory_fit.h"
#include "report/unit.h"

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

// What is counted of a bill that leaves something out.
std::vector<MemoryBill::Line> counted(const MemoryBill& bill) {
  std::vector<MemoryBill::Line> lines = bill.lines();
  std::erase_if(lines, [](const MemoryBill::Line& line) { return line.bytes == 0.0; });
  return lines;
}

}  // namespace

Facts placement_facts(const TwoMemories& memories, double gap_asked) {
  const PlacementSummary& placement = memories.placement;
  const ComputeSlowdown& slowdown = memories.slowdown;
  const Bytes slow = placement.replay->peak_slow;
  Facts facts = Facts::of("placement", "tensors in two memories");
  facts.fact("tiers", memories.tiers.name).fact("policy", placement.policy);
  facts.fact("fast_limit_bytes", memories.fast, "", memories.tiers.fast.name);
  facts.fact("peak_slow_bytes", slow, "at most " + quantity(to_double(slow), Unit::Memory),
             memories.tiers.slow.name);
  facts.data("to_slow_bytes", placement.to_slow).data("to_fast_bytes", placement.to_fast);
  if (placement.gap() > 2 * gap_asked) {
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

Document estimate_document(const TrainingJob& job, const TrainingEstimate& result,
                           const std::optional<Facts>& placement, std::vector<std::string> notes) {
  const Parallelism& p = job.parallelism;
  Document document{.title = fmt::format("{} ({}) on {}", job.model.name, parameters_text(job.model),
                                         npus_text(p.npus(), job.machine)),
                    .verdict = fit_verdict(result),
                    .notes = std::move(notes)};
  document.line("", division_text(p));
  document.data("model", job.model.name).data("machine", job.machine.name).data("npus", p.npus());
  document.data("parameters", static_cast<std::int64_t>(parameters(job.model)))
      .data("active_parameters", static_cast<std::int64_t>(active_parameters(job.model)));
  Facts rates;
  rates.fact("step_time_s", result.step_ns / 1e9)
      .fact("tokens_per_s", result.tokens_per_s)
      .fact("tflop_per_s_per_npu", result.tflop_per_s_per_npu)
      .fact("mfu", result.mfu)
      .fact("hfu", result.hfu);
  const std::optional<double> price = if_priced(result.usd_per_million_tokens);
  rates.fact("usd_per_million_tokens", price, price ? price_text(*price, "tokens", job.machine) : "",
             "price");
  document.add(std::move(rates));
  add_fit(document, result);
  document.add(division_facts(p));
  if (placement) {
    document.add(*placement);
  } else {
    document.data("placement", Value());
  }
  document.add(breakdown_table(result.breakdown, result.step_ns)).add(memory_table(result.memory.lines()));
  return document;
}

Document estimate_document(const UndividedAnswer& answer) {
  const std::string size =
      answer.parameters > 0.0 ? fmt::format(" ({:.1f} million parameters)", answer.parameters * 1e-6) : "";
  const double capacity = answer.machine.npu.memory_bytes;
  Document document{
      .title = fmt::format("{}{} on {}", answer.name, size, npus_text(answer.npus, answer.machine)),
      .notes = answer.notes};
  document.verdict = answer.memory ? fit_verdict(answer.memory->total(), capacity)
                                   : Verdict{"step " + quantity(answer.step_ns / 1e9, Unit::Seconds)};
  document.line("", answer.division);
  document.data("model", answer.name).data("machine", answer.machine.name).data("npus", answer.npus);
  document.data("item", answer.item).data("items_per_step", answer.items);
  document.data("parameters",
                answer.parameters > 0.0 ? Value(static_cast<std::int64_t>(answer.parameters)) : Value());
  Facts rates;
  rates.fact("step_time_s", answer.step_ns / 1e9)
      .fact("items_per_s", answer.items_per_s,
            fmt::format("{} {}/s", significant(answer.items_per_s), answer.item))
      .fact("tflop_per_s_per_npu", answer.tflop_per_s_per_npu)
      .fact("mfu", answer.mfu);
  const std::optional<double> price = if_priced(answer.usd_per_million_items);
  rates.fact("usd_per_million_items", price, price ? price_text(*price, answer.item, answer.machine) : "",
             "price");
  document.add(std::move(rates));
  document.data("fits", answer.memory ? Value(answer.memory->total() <= capacity) : Value())
      .data("memory_bytes", answer.memory ? Value(answer.memory->total()) : Value())
      .data("memory_capacity_bytes", capacity);
  Facts division = Facts::of("parallelism");
  division.data("tensor", answer.tensor).data("data", answer.npus / answer.tensor);
  document.add(std::move(division)).add(breakdown_table(answer.breakdown, answer.step_ns));
  if (answer.memory) {
    document.add(memory_table(counted(*answer.memory)));
  } else {
    document.data("memory", Value());
  }
  return document;
}

}  // namespace bandwright
