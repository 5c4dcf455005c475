#include "cli/estimate_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "cli/division_text.h"
#include "cli/memory_fit.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

constexpr double bytes_per_gib = 1073741824.0;

// What is counted of a bill that leaves something out.
std::vector<MemoryBill::Line> counted(const MemoryBill& bill) {
  std::vector<MemoryBill::Line> lines = bill.lines();
  std::erase_if(lines, [](const MemoryBill::Line& line) { return line.bytes == 0.0; });
  return lines;
}

Json known(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

TextTable memory_table(const std::vector<MemoryBill::Line>& lines) {
  TextTable table{.headings = {"memory per NPU", "GiB"}};
  double total = 0.0;
  for (const MemoryBill::Line& line : lines) {
    total += line.bytes;
    table.rows.push_back({std::string(line.name), fmt::format("{:.2f}", line.bytes / bytes_per_gib)});
  }
  table.rows.push_back({"total", fmt::format("{:.2f}", total / bytes_per_gib)});
  return table;
}

nlohmann::ordered_json breakdown_json(const std::vector<BreakdownLine>& breakdown) {
  nlohmann::ordered_json lines;
  for (const BreakdownLine& line : breakdown) {
    lines.push_back(
        {{"part", line.name}, {"exposed_ms", line.exposed_ns * 1e-6}, {"hidden_ms", line.hidden_ns * 1e-6}});
  }
  return lines;
}

nlohmann::ordered_json memory_json(const std::vector<MemoryBill::Line>& lines) {
  nlohmann::ordered_json parts;
  for (const MemoryBill::Line& line : lines) {
    parts.push_back({{"part", line.name}, {"gib", line.bytes / bytes_per_gib}});
  }
  return parts;
}

// "46.7 billion parameters, 12.9 active".
std::string parameters_text(const TransformerArchitecture& model) {
  const std::string active =
      model.sparse() ? fmt::format(", {:.1f} active", active_parameters(model) * 1e-9) : "";
  return fmt::format("{:.1f} billion parameters{}", parameters(model) * 1e-9, active);
}

}  // namespace

TextTable breakdown_table(const std::vector<BreakdownLine>& breakdown, double step_ns) {
  TextTable table{.headings = {"part", "ms", "%", "hidden ms"}};
  for (const BreakdownLine& line : breakdown) {
    table.rows.push_back({line.name, fmt::format("{:.3f}", line.exposed_ns * 1e-6),
                          fmt::format("{:.1f}", 100.0 * line.exposed_ns / step_ns),
                          fmt::format("{:.3f}", line.hidden_ns * 1e-6)});
  }
  table.rows.push_back({"step", fmt::format("{:.3f}", step_ns * 1e-6), "100.0", ""});
  return table;
}

std::string estimate_text(const TransformerEstimate& answer) {
  const TrainingJob& job = answer.job;
  const TrainingEstimate& result = answer.result;
  std::string text = fmt::format(
      "{} ({}) on {} NPU{} of {}\n{}\n\n", job.model.name, parameters_text(job.model), job.parallelism.npus(),
      job.parallelism.npus() == 1 ? "" : "s", job.machine.name, divided(job.parallelism));
  text +=
      fmt::format("step {:.3f} ms   {:.0f} tokens/s   {:.1f} TFLOP/s per NPU   MFU {:.1f} %   HFU {:.1f} %\n",
                  result.step_ns * 1e-6, result.tokens_per_s, result.tflop_per_s_per_npu, 100.0 * result.mfu,
                  100.0 * result.hfu);
  if (result.usd_per_million_tokens > 0.0) {
    text += fmt::format("{:.3f} $ per million tokens at {} $ per NPU and hour\n",
                        result.usd_per_million_tokens, job.machine.npu.usd_per_hour);
  }
  if (answer.offload) text += offload_text(*answer.offload);
  text += '\n' + aligned(breakdown_table(result.breakdown, result.step_ns)) + '\n' +
          aligned(memory_table(result.memory.lines())) + '\n' + fit_text(result) + '\n';
  for (const std::string& note : answer.notes) text += fmt::format("note: {}\n", note);
  return text;
}

std::string estimate_json(const TransformerEstimate& answer) {
  const TrainingJob& job = answer.job;
  const TrainingEstimate& result = answer.result;
  nlohmann::ordered_json root;
  root["schema_version"] = 1;
  root["model"] = job.model.name;
  root["system"] = job.machine.name;
  root["parameters"] = parameters(job.model);
  root["active_parameters"] = active_parameters(job.model);
  root["npus"] = job.parallelism.npus();
  root["parallelism"] = division_json(job.parallelism);
  root["step_time_ms"] = result.step_ns * 1e-6;
  root["tokens_per_s"] = result.tokens_per_s;
  root["tflop_per_s_per_npu"] = result.tflop_per_s_per_npu;
  root["mfu"] = result.mfu;
  root["hfu"] = result.hfu;
  root.update(fit_json(result));
  root["memory"] = memory_json(result.memory.lines());
  root["placement"] = answer.offload ? offload_json(*answer.offload) : nlohmann::ordered_json();
  root["notes"] = answer.notes;
  root["usd_per_million_tokens"] = result.usd_per_million_tokens;
  root["breakdown"] = breakdown_json(result.breakdown);
  return root.dump(2) + '\n';
}

std::string estimate_text(const UndividedEstimate& answer) {
  const UndividedStep& work = answer.step;
  const GraphEstimate& result = answer.result;
  const std::int64_t npus = work.network.npus();
  const std::string size =
      work.parameters > 0.0 ? fmt::format(" ({:.1f} million parameters)", work.parameters * 1e-6) : "";
  std::string text = fmt::format("{}{} on {} NPU{} of {}\n{}\n\nstep {:.3f} ms   {:.4g} {}/s", work.name,
                                 size, npus, npus == 1 ? "" : "s", work.machine.name, work.division,
                                 result.step_ns * 1e-6, answer.items_per_s, work.item);
  if (answer.tflop_per_s_per_npu) {
    text += fmt::format("   {:.3g} TFLOP/s per NPU", *answer.tflop_per_s_per_npu);
  }
  if (answer.mfu) text += fmt::format("   MFU {:.1f} %", 100.0 * *answer.mfu);
  text += '\n';
  if (answer.usd_per_million_items > 0.0) {
    text += fmt::format("{:.3f} $ per million {} at {} $ per NPU and hour\n", answer.usd_per_million_items,
                        work.item, work.machine.npu.usd_per_hour);
  }
  text += '\n' + aligned(breakdown_table(result.breakdown, result.step_ns)) + '\n';
  if (work.memory) {
    const double capacity = work.machine.npu.memory_bytes;
    text += aligned(memory_table(counted(*work.memory))) +
            fmt::format("\n{} into {:.0f} GiB\n\n",
                        work.memory->total() <= capacity ? "fits" : "does not fit", capacity / bytes_per_gib);
  }
  for (const std::string& note : work.notes) text += "note: " + note + '\n';
  return text;
}

std::string estimate_json(const UndividedEstimate& answer) {
  const UndividedStep& work = answer.step;
  const GraphEstimate& result = answer.result;
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
  root["items_per_s"] = answer.items_per_s;
  root["tflop_per_s_per_npu"] = known(answer.tflop_per_s_per_npu);
  root["mfu"] = known(answer.mfu);
  root["memory_gib"] = work.memory ? Json(work.memory->total() / bytes_per_gib) : Json();
  root["memory_capacity_gib"] = capacity / bytes_per_gib;
  root["fits"] = work.memory ? Json(work.memory->total() <= capacity) : Json();
  root["memory"] = work.memory ? memory_json(counted(*work.memory)) : Json();
  root["usd_per_million_items"] = answer.usd_per_million_items;
  root["breakdown"] = breakdown_json(result.breakdown);
  root["notes"] = work.notes;
  return root.dump(2) + '\n';
}

}  // namespace bandwright
