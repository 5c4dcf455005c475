#include "cli/simulate_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "cli/memory_fit.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/training_options.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

constexpr double mib = 1048576.0;

std::string_view unit(const SimulationAnswer& answer) { return answer.system.gib ? "GiB/s" : "GB/s"; }

// Waiting for weight gradients and for collectives of all NPUs; the rest, the loop's own time included, is
// the tensor-parallel group's, as the reference counts.
Time data_parallel_time(const StepResult& result) {
  Time time;
  for (const GroupExposure& group : result.groups) {
    if (group.group == "DP" || group.group == "EDP" || group.group == "world") time += group.exposed;
  }
  return time;
}

std::string operation_name(const Step& step, const Operation& operation) {
  const std::string& line = step.line_names[operation.line];
  const bool communicates = operation.kind == OperationKind::Collective;
  const std::string_view what = communicates
                                    ? collective_name(step.collectives[operation.collective].collective.kind)
                                    : (operation.kind == OperationKind::Compute ? "compute" : "overhead");
  if (operation.role == Role::Other) return fmt::format("{}: {}", line, what);
  return fmt::format("{} {}: {}", line, role_name(operation.role), what);
}

// Times by name.
class CriticalParts {
 public:
  void add(std::string name, Time time) {
    const auto [known, fresh] = index_.emplace(name, parts_.size());
    if (fresh) parts_.push_back({std::move(name), Time(0)});
    parts_[known->second].time += time;
  }
  std::vector<CriticalPart> longest_first() && {
    std::stable_sort(parts_.begin(), parts_.end(),
                     [](const auto& a, const auto& b) { return a.time > b.time; });
    return std::move(parts_);
  }

 private:
  std::vector<CriticalPart> parts_;
  std::unordered_map<std::string, std::size_t> index_;
};

std::string percent(Time part, Time whole) {
  if (whole == Time(0)) return "";
  return fmt::format("{:.1f} %", 100.0 * to_ns(part) / to_ns(whole));
}

std::string summary_table(const SimulationAnswer& answer) {
  const StepResult& result = answer.result;
  TextTable table{.headings = {"", "us", "of the step"}};
  const auto row = [&](const std::string& name, Time time) {
    table.rows.push_back({name, fmt::format("{:.3f}", to_us(time)), percent(time, result.step_time)});
  };
  row("step", result.step_time);
  row("compute", result.compute_time);
  if (result.bubble > Time(0)) row("pipeline bubble", result.bubble);
  row("exposed communication", result.exposed_communication);
  for (const GroupExposure& group : result.groups) {
    if (group.exposed > Time(0)) row("  waiting for " + group.group, group.exposed);
  }
  const char* const overhead = answer.job     ? "  waiting for the host"
                               : answer.ranks ? "  waiting for messages"
                                              : "  the loop itself";
  if (result.overhead > Time(0)) row(overhead, result.overhead);
  return aligned(table);
}

std::string dimension_table(const SimulationAnswer& answer) {
  TextTable table{
      .headings = {"dimension", std::string(unit(answer)), "MiB sent", "busy", "waited for (us)"}};
  for (std::size_t d = 0; d < answer.bandwidth.size(); ++d) {
    const Dimension& dimension = answer.network.dimensions[d];
    const DimensionUse& use = answer.result.dimensions[d];
    table.rows.push_back({fmt::format("{} {}({})", d + 1, dimension.kind->name, dimension.npus),
                          fmt::format("{:.2f}", answer.bandwidth[d]), fmt::format("{:.3f}", use.bytes / mib),
                          fmt::format("{:.1f} %", 100.0 * use.utilization),
                          fmt::format("{:.3f}", to_us(use.exposed))});
  }
  return aligned(table);
}

std::string queue_table(const SimulationAnswer& answer) {
  TextTable table{.headings = {"chunks on", "NPUs", "chunks", "mean service (us)", "mean queueing (us)"}};
  for (const QueueUse& queue : answer.result.queues) {
    table.rows.push_back({fmt::format("dimension {} ({})", queue.dimension + 1, queue.group),
                          std::to_string(queue.npus), std::to_string(queue.chunks),
                          fmt::format("{:.3f}", to_us(queue.mean_service)),
                          fmt::format("{:.3f}", to_us(queue.mean_queueing))});
  }
  return aligned(table);
}

std::string critical_table(const SimulationAnswer& answer) {
  TextTable table{.headings = {"longest on the critical path", "us", "of the step"}};
  for (std::size_t i = 0; i < std::min<std::size_t>(answer.critical.size(), 5); ++i) {
    const CriticalPart& part = answer.critical[i];
    table.rows.push_back({part.operation, fmt::format("{:.3f}", to_us(part.time)),
                          percent(part.time, answer.result.step_time)});
  }
  return aligned(table);
}

// A lone NPU has no network.
std::string network_text(const Network& network) {
  if (network.dimensions.empty()) return "1 NPU without a network";
  return fmt::format("{}, {} NPUs", network.shorthand(), network.npus());
}

// What a real model's step comes to.
std::string rate_text(const SimulationAnswer& answer) {
  const TrainingRate rate = training_rate(*answer.job, to_ns(answer.result.step_time));
  return fmt::format(
      "{}\nstep {:.3f} ms   {:.0f} tokens/s   {:.1f} TFLOP/s per NPU   MFU {:.1f} %   HFU {:.1f} %\n",
      divided(answer.job->parallelism), to_us(answer.result.step_time) * 1e-3, rate.tokens_per_s,
      rate.tflop_per_s_per_npu, 100.0 * rate.mfu, 100.0 * rate.hfu);
}

Json queues_json(const StepResult& result) {
  Json queues = Json::array();
  for (const QueueUse& queue : result.queues) {
    queues.push_back({{"group", queue.group},
                      {"dimension", queue.dimension + 1},
                      {"npus", queue.npus},
                      {"chunks", queue.chunks},
                      {"mean_service_us", to_us(queue.mean_service)},
                      {"mean_queueing_us", to_us(queue.mean_queueing)}});
  }
  return queues;
}

Json parts_json(const SimulationAnswer& answer) {
  Json parts = Json::array();
  for (const CriticalPart& part : answer.critical) {
    parts.push_back({{"operation", part.operation}, {"us", to_us(part.time)}});
  }
  return parts;
}

Json critical_json(const SimulationAnswer& answer) {
  Json path = Json::array();
  if (answer.job) return path;  // of thousands of layers' passes: critical_parts says it
  for (const CriticalOperation& operation : answer.result.critical_path) {
    path.push_back({{"operation", operation_name(answer.graph, answer.graph.operations[operation.operation])},
                    {"start_us", to_us(operation.start)},
                    {"end_us", to_us(operation.end)}});
  }
  return path;
}

// One number per dimension.
template <class Field>
Json per_dimension(const StepResult& result, Field field) {
  Json values = Json::array();
  for (const DimensionUse& use : result.dimensions) values.push_back(field(use));
  return values;
}

// The answer's numbers that are one of a kind, in the order of the columns.
Json scalars(const SimulationAnswer& answer) {
  const StepResult& result = answer.result;
  const Time data_parallel = data_parallel_time(result);
  Json root;
  root["step_time_us"] = to_us(result.step_time);
  root["compute_time_us"] = to_us(result.compute_time);
  root["bubble_us"] = to_us(result.bubble);
  root["exposed_communication_us"] = to_us(result.exposed_communication);
  root["dp_communication_us"] = to_us(data_parallel);
  root["tp_communication_us"] = to_us(result.exposed_communication - data_parallel);
  root["overhead_us"] = to_us(result.overhead);
  root["cost_usd"] = answer.cost_usd ? Json(*answer.cost_usd) : Json(nullptr);
  if (answer.job) {
    const TrainingRate rate = training_rate(*answer.job, to_ns(result.step_time));
    root["tokens_per_s"] = rate.tokens_per_s;
    root["tflop_per_s_per_npu"] = rate.tflop_per_s_per_npu;
    root["mfu"] = rate.mfu;
    root["hfu"] = rate.hfu;
  }
  root["events"] = result.events;
  root["wall_time_ms"] = answer.wall_time_ms;
  return root;
}

Json setting(const SimulationAnswer& answer) {
  Json root;
  root["network"] = answer.network.shorthand();
  root["npus"] = answer.network.npus();
  root["workload"] = answer.graph.name;
  root["loop"] = answer.loop.empty() ? Json(nullptr) : Json(answer.loop);
  root["system"] = answer.system.name;
  root["engine"] = answer.engine;
  root["npu_fidelity"] = answer.fidelity.empty() ? Json(nullptr) : Json(answer.fidelity);
  root["prices"] = answer.prices;
  return root;
}

}  // namespace

std::vector<CriticalPart> critical_parts(const Step& graph, const StepResult& result) {
  CriticalParts parts;
  for (const CriticalOperation& each : result.critical_path) {
    parts.add(operation_name(graph, graph.operations[each.operation]), each.end - each.start);
  }
  return std::move(parts).longest_first();
}

std::vector<CriticalPart> critical_parts(const Step& graph, const std::vector<ClosedForm::Share>& path) {
  CriticalParts parts;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i].times == 0.0 || path[i].ns == 0.0) continue;
    parts.add(operation_name(graph, graph.operations[i]), nanoseconds(path[i].times * path[i].ns));
  }
  return std::move(parts).longest_first();
}

std::string simulation_text(const SimulationAnswer& answer) {
  const StepResult& result = answer.result;
  std::string text =
      fmt::format("{}\n{}{}{}, system {}, {}{}\n{}\n{}\n{}", network_text(answer.network), answer.graph.name,
                  answer.loop.empty() ? "" : ", ", answer.loop, answer.system.name, answer.engine,
                  answer.fidelity.empty() ? "" : ", " + answer.fidelity, answer.job ? rate_text(answer) : "",
                  summary_table(answer), dimension_table(answer));
  if (!result.queues.empty()) text += '\n' + queue_table(answer);
  text += '\n' + critical_table(answer);
  text += '\n';
  if (answer.job) text += "memory " + need_text(memory_fit(*answer.job)) + '\n';
  text += fmt::format("cost {} ({})\n", answer.cost_usd ? format_money(Money(*answer.cost_usd)) : "unknown",
                      answer.prices);
  if (result.events > 0) text += fmt::format("{} events in {:.3f} ms\n", result.events, answer.wall_time_ms);
  return text;
}

std::string simulation_json(const SimulationAnswer& answer) {
  const StepResult& result = answer.result;
  Json root;
  root["schema_version"] = 1;
  root.update(setting(answer));
  if (answer.job) {
    root["parallelism"] = division_json(answer.job->parallelism);
    root.update(fit_json(memory_fit(*answer.job)));
  }
  root[answer.system.gib ? "bandwidth_gib_per_s" : "bandwidth_gb_per_s"] = answer.bandwidth;
  root.update(scalars(answer));
  for (const GroupExposure& group : result.groups)
    root["exposed_us_per_group"][group.group] = to_us(group.exposed);
  root["exposed_us_per_dimension"] =
      per_dimension(result, [](const auto& use) { return to_us(use.exposed); });
  root["payload_mib_per_dimension"] = per_dimension(result, [](const auto& use) { return use.bytes / mib; });
  root["utilization_per_dimension"] = per_dimension(result, [](const auto& use) { return use.utilization; });
  root["queues"] = queues_json(result);
  root["critical_parts"] = parts_json(answer);
  root["critical_path"] = critical_json(answer);
  return root.dump(2) + '\n';
}

std::string simulation_csv(const SimulationAnswer& answer) {
  TextTable table;
  std::vector<std::string> row;
  const auto add = [&](const std::string& name, const Json& value) {
    table.headings.push_back(name);
    row.push_back(value.is_null() ? "" : (value.is_string() ? value.get<std::string>() : value.dump()));
  };
  // Named, because items() refers to its object.
  const Json described = setting(answer);
  const Json numbers = scalars(answer);
  for (const auto& [name, value] : described.items()) add(name, value);
  for (const auto& [name, value] : numbers.items()) add(name, value);
  for (std::size_t d = 0; d < answer.bandwidth.size(); ++d) {
    const DimensionUse& use = answer.result.dimensions[d];
    add(fmt::format("{}_{}", answer.system.gib ? "gib_per_s" : "gb_per_s", d + 1), answer.bandwidth[d]);
    add(fmt::format("payload_mib_{}", d + 1), use.bytes / mib);
    add(fmt::format("utilization_{}", d + 1), use.utilization);
    add(fmt::format("exposed_us_{}", d + 1), to_us(use.exposed));
  }
  table.rows.push_back(row);
  return as_csv(table);
}

}  // namespace bandwright
