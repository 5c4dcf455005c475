#include "answers/simulation.h"

#include <fmt/format.h>

#include "answers/bill.h"
#include "answers/memory_fit.h"
#include "report/unit.h"

namespace bandwright {
namespace {

constexpr std::size_t parts_for_people = 5;

// What compute waits for one parallel group.
Time exposed_by(const StepResult& result, Axis axis) {
  Time time;
  for (const GroupExposure& group : result.groups) {
    if (group.group == axis_name(axis)) time += group.exposed;
  }
  return time;
}

std::string seconds_text(Time time) { return quantity(to_seconds(time), Unit::Seconds, 6); }

// A lone NPU has no network.
std::string network_text(const SimulationAnswer& answer) {
  const Network& network = answer.network;
  if (answer.built) {
    return fmt::format("{}, {} NPUs as {}", answer.built->graph.name, network.npus(), network.shorthand());
  }
  if (network.dimensions.empty()) return "1 NPU without a network";
  return fmt::format("{}, {} NPUs", network.shorthand(), network.npus());
}

Value word(const std::string& text) { return text.empty() ? Value() : Value(text); }

void add_setting(const SimulationAnswer& answer, Document& document) {
  std::string line = answer.graph.name;
  for (const std::string& each : {answer.loop, answer.machine}) line += each.empty() ? "" : ", " + each;
  line += fmt::format(", library {}, {}", answer.library.name, answer.engine);
  if (!answer.fidelity.empty()) line += fmt::format(", {} over {}", answer.fidelity, answer.transport);
  document.line("", line);
  document.data("network", answer.network.shorthand())
      .data("machine", word(answer.machine))
      .data("npus", answer.network.npus())
      .data("model", !answer.ranks && !answer.lone_collective ? word(answer.graph.name) : Value())
      .data("workload", answer.ranks ? word(answer.graph.name) : Value())
      .data("collective", answer.lone_collective ? word(answer.graph.name) : Value())
      .data("loop", word(answer.loop))
      .data("library", answer.library.name)
      .data("engine", answer.engine)
      .data("npu_fidelity", word(answer.fidelity))
      .data("transport", word(answer.transport))
      .data("prices", answer.prices);
  if (!answer.built) return;
  const RoutingOptions& routing = answer.built->routing;
  const std::string pairs =
      routing.queue_pairs > 1 ? fmt::format(", {} queue pairs", routing.queue_pairs) : "";
  document.fact("routing", routing_name(routing.routing),
                fmt::format("{}{}", routing_name(routing.routing), pairs));
}

void add_spread(const SimulationAnswer& answer, Document& document) {
  if (!answer.spread) return;
  const SeedSpread& spread = *answer.spread;
  document.data("seeds", spread.seeds)
      .data("mean_step_time_s", spread.mean)
      .data("least_step_time_s", spread.least)
      .data("most_step_time_s", spread.most);
  document.line("seeds", fmt::format("{}: mean {}, {} to {}", spread.seeds, seconds_text(spread.mean),
                                     seconds_text(spread.least), seconds_text(spread.most)));
}

// Where the step's time goes, for people.
Table parts_table(const SimulationAnswer& answer) {
  const StepResult& result = answer.result;
  Table table = Table::of("");
  table.column("part", " ").column("time_s", "time").column("share", "of the step");
  const auto add = [&](const std::string& name, Time time) {
    const double whole = to_seconds(result.step_time);
    table.rows.push_back({name, time, whole > 0.0 ? Value(to_seconds(time) / whole) : Value()});
  };
  add("step", result.step_time);
  add("compute", result.compute_time);
  if (result.bubble > Time(0)) add("pipeline bubble", result.bubble);
  add("exposed communication", result.exposed_communication);
  for (const GroupExposure& group : result.groups) {
    if (group.exposed > Time(0)) add("  waiting for " + group.group, group.exposed);
  }
  const char* const overhead = answer.job     ? "  waiting for the host"
                               : answer.ranks ? "  waiting for messages"
                                              : "  the loop itself";
  if (result.overhead > Time(0)) add(overhead, result.overhead);
  return table;
}

void add_times(const SimulationAnswer& answer, bool timing, Document& document) {
  const StepResult& result = answer.result;
  document.data("step_time_s", result.step_time)
      .data("compute_time_s", result.compute_time)
      .data("bubble_s", result.bubble)
      .data("exposed_communication_s", result.exposed_communication)
      .data("exposed_tp_s", exposed_by(result, Axis::Tensor))
      .data("exposed_dp_s", exposed_by(result, Axis::Data))
      .data("overhead_s", result.overhead)
      .data("events", result.events);
  if (timing) document.fact("engine_time_s", answer.wall_time_ms / 1e3);
}

// What a real model's step comes to.
void add_rates(const SimulationAnswer& answer, Document& document) {
  if (!answer.job) return;
  const TrainingRate rate = training_rate(*answer.job, to_ns(answer.result.step_time));
  document.line("", division_text(answer.job->parallelism));
  document.data("tokens_per_s", rate.tokens_per_s)
      .data("tflop_per_s_per_npu", rate.tflop_per_s_per_npu)
      .data("mfu", rate.mfu)
      .data("hfu", rate.hfu);
  document.line("rate",
                fmt::format("{}, {} per NPU, MFU {}, HFU {}", quantity(rate.tokens_per_s, Unit::TokensPerS),
                            quantity(rate.tflop_per_s_per_npu, Unit::TflopPerS),
                            quantity(rate.mfu, Unit::Share), quantity(rate.hfu, Unit::Share)));
  const MemoryFit fit = memory_fit(*answer.job);
  add_fit(document, fit);
  if (fit.fits()) document.line("memory", fit_verdict(fit).text);
}

Table use_of_dimensions(const SimulationAnswer& answer) {
  const std::vector<double> gb_per_s = answer.gb_per_s();
  Table table = Table::of("per_dimension");
  table.main = true;
  add_dimension_columns(table);
  table.column("bandwidth_gb_per_s", "GB/s").column("sent_bytes").column("utilization");
  table.column("exposed_s", "waited for");
  for (std::size_t d = 0; d < gb_per_s.size(); ++d) {
    const DimensionUse& use = answer.result.dimensions[d];
    std::vector<Value> row = dimension_cells(answer.network, d);
    row.insert(row.end(), {gb_per_s[d], use.bytes, use.utilization, use.exposed});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table groups_table(const StepResult& result) {
  Table table = Table::of("groups");
  table.shown = Shown::ToPrograms;
  table.column("group").column("exposed_s");
  for (const GroupExposure& group : result.groups) table.rows.push_back({group.group, group.exposed});
  return table;
}

Table queues_table(const StepResult& result) {
  Table table = Table::of("queues");
  table.column("group", "chunks of").column("dimension").column("npus").column("chunks");
  table.column("mean_service_s").column("mean_queueing_s");
  for (const QueueUse& queue : result.queues) {
    table.rows.push_back({queue.group, queue.dimension + 1, queue.npus, queue.chunks, queue.mean_service(),
                          queue.mean_queueing()});
  }
  return table;
}

Table critical_table(const SimulationAnswer& answer) {
  Table table = Table::of("critical_parts");
  table.for_people = parts_for_people;
  table.column("operation", "longest on the critical path").column("time_s", "time");
  table.column("share", "of the step", Shown::ToPeople);
  const double whole = to_seconds(answer.result.step_time);
  for (const CriticalPart& part : answer.critical) {
    table.rows.push_back(
        {part.operation, part.time, whole > 0.0 ? Value(to_seconds(part.time) / whole) : Value()});
  }
  return table;
}

// Of a job none: thousands of layers' passes, which critical_parts says.
Table path_table(const SimulationAnswer& answer) {
  Table table = Table::of("critical_path");
  table.shown = Shown::ToPrograms;
  table.column("operation").column("start_s").column("end_s");
  if (answer.job) return table;
  for (const CriticalOperation& each : answer.result.critical_path) {
    table.rows.push_back(
        {operation_name(answer.graph, answer.graph.operations[each.operation]), each.start, each.end});
  }
  return table;
}

Verdict verdict_of(const SimulationAnswer& answer) {
  if (answer.job) {
    const MemoryFit fit = memory_fit(*answer.job);
    if (!fit.fits()) return fit_verdict(fit);
  }
  return {"step " + seconds_text(answer.result.step_time)};
}

}  // namespace

Document simulation_document(const SimulationAnswer& answer, bool timing) {
  Document document{.title = network_text(answer), .verdict = verdict_of(answer), .notes = answer.notes};
  add_setting(answer, document);
  add_spread(answer, document);
  add_rates(answer, document);
  document.data("bandwidth_gb_per_s", answer.gb_per_s());
  add_times(answer, timing, document);
  if (answer.job) document.add(division_facts(answer.job->parallelism));
  document.add(parts_table(answer)).add(use_of_dimensions(answer)).add(groups_table(answer.result));
  document.add(queues_table(answer.result)).add(critical_table(answer)).add(path_table(answer));
  if (answer.built) {
    document.data("cost_usd", answer.cost_usd);
  } else {
    document.fact("cost_usd", answer.cost_usd,
                  fmt::format("{} ({})", answer.cost_usd ? quantity(*answer.cost_usd, Unit::Usd) : "unknown",
                              answer.prices));
  }
  if (answer.result.events > 0)
    document.line("events", quantity(static_cast<double>(answer.result.events), Unit::Count));
  return document;
}

}  // namespace bandwright
