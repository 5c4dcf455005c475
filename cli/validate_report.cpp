#include "cli/validate_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/figures.h"
#include "cli/html.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr std::size_t worst_shown = 10;

// One of the rows that are furthest off.
struct WorstRow {
  const ScoredSet* scored = nullptr;
  std::size_t row = 0;

  [[nodiscard]] const Measurement& measurement() const { return scored->set->rows[row]; }
  [[nodiscard]] double error() const { return scored->errors[row]; }
  [[nodiscard]] double predicted() const { return measurement().measured * (1.0 + error()); }
  [[nodiscard]] std::string why(const Calibration& calibration) const {
    return explain(*scored->set, scored->errors, row, calibration);
  }
};

std::vector<WorstRow> worst_rows(const ValidationAnswer& answer) {
  std::vector<WorstRow> rows;
  for (const ScoredSet& each : answer.scored) {
    for (std::size_t r = 0; r < each.errors.size(); ++r) rows.push_back({&each, r});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const WorstRow& a, const WorstRow& b) {
    return std::abs(a.error()) > std::abs(b.error());
  });
  rows.resize(std::min(rows.size(), worst_shown));
  return rows;
}

std::string sentence(const WorstRow& row) {
  return fmt::format("{}: {}: measured {:.4g}, predicted {:.4g} {} ({:+.0f} %)", row.scored->set->name,
                     row.measurement().label, row.measurement().measured, row.predicted(),
                     row.scored->set->metric, 100.0 * row.error());
}

TextTable constants_table(const Calibration& calibration) {
  TextTable table{.headings = {"kind", "constants", "fitted on"}};
  for (const auto& [name, npu] : calibration.npus) {
    table.rows.push_back(
        {name,
         fmt::format("matrix units {:.2f}, memory {:.2f}, kernel {:.1f} us, slice {:.0f} ns, sustained "
                     "{:.2f}, host {:.0f} us",
                     npu.gemm_efficiency, npu.memory_efficiency, npu.kernel_overhead_us, npu.slice_ns,
                     npu.sustained, npu.host_us),
         npu.source});
  }
  for (const auto& [name, fabric] : calibration.fabrics) {
    table.rows.push_back({name,
                          fmt::format("links {:.2f}, call {:.0f} us, step {:.1f} us", fabric.efficiency,
                                      fabric.latency_us, fabric.step_us),
                          fabric.source});
  }
  return table;
}

// A folder of this process for the rows and their picture, gone with the object.
class Scratch {
 public:
  Scratch()
      : path_(std::filesystem::temp_directory_path() / fmt::format("bandwright-validate-{}", getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string drawn(const ValidationAnswer& answer) {
  const Scratch scratch;
  const std::filesystem::path rows = scratch.path() / "rows.csv";
  write_output({.file = rows.string()}, as_csv(validation_rows(answer)));
  if (draw_validation(rows, scratch.path() / "accuracy") != 0) {
    throw InputError("the picture of predictions and measurements could not be drawn");
  }
  return picture(scratch.path() / "accuracy");
}

}  // namespace

TextTable validation_rows(const ValidationAnswer& answer) {
  TextTable table{.headings = {"set", "row", "metric", "measured", "predicted", "error %", "target %"}};
  for (const ScoredSet& each : answer.scored) {
    const std::string target = fmt::format("{:.0f}", each.set->target_percent);
    for (std::size_t r = 0; r < each.errors.size(); ++r) {
      const Measurement& row = each.set->rows[r];
      table.rows.push_back({each.set->name, row.label, each.set->metric, fmt::format("{:.6g}", row.measured),
                            fmt::format("{:.6g}", row.measured * (1.0 + each.errors[r])),
                            fmt::format("{:.2f}", 100.0 * each.errors[r]), target});
    }
  }
  return table;
}

TextTable validation_summary(const ValidationAnswer& answer) {
  TextTable table{
      .headings = {"set", "what", "rows", "not run", "mean %", "bias %", "median %", "worst %", "target %"}};
  for (const ScoredSet& each : answer.scored) {
    const ErrorSummary summary = summarize(each.errors);
    const auto percent = [&](double value, bool sign = false) {
      if (each.errors.empty()) return std::string("-");
      return sign ? fmt::format("{:+.2f}", value) : fmt::format("{:.2f}", value);
    };
    table.rows.push_back({each.set->name, std::string(measured_name(each.set->what)),
                          fmt::format("{}", each.errors.size()), fmt::format("{}", each.set->not_run.size()),
                          percent(summary.mape_percent), percent(summary.bias_percent, true),
                          percent(summary.median_percent), percent(summary.worst_percent),
                          fmt::format("{:.0f}", each.set->target_percent)});
  }
  return table;
}

namespace {

// The rows that were not run, a reason in common said once: "12 rows: reason (file.csv:3, file.csv:8, ...)".
std::vector<std::string> not_run_lines(const ValidationAnswer& answer) {
  constexpr std::size_t named = 3;
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
  for (const ScoredSet& each : answer.scored) {
    for (const NotRun& row : each.set->not_run) {
      auto known = std::find_if(reasons.begin(), reasons.end(),
                                [&](const auto& reason) { return reason.first == row.reason; });
      if (known == reasons.end()) known = reasons.insert(known, {row.reason, {}});
      known->second.push_back(row.row);
    }
  }
  std::vector<std::string> lines;
  for (auto& [reason, rows] : reasons) {
    const std::size_t all = rows.size();
    rows.resize(std::min(all, named));
    lines.push_back(printable(fmt::format("{} row{}: {} ({}{})", all, all == 1 ? "" : "s", reason,
                                          fmt::join(rows, ", "), all > named ? ", ..." : "")));
  }
  return lines;
}

}  // namespace

std::string validation_text(const ValidationAnswer& answer) {
  std::string text = aligned(validation_summary(answer)) + fmt::format("constants: {}\n", answer.constants);
  text += "\nthe worst rows, and why\n";
  for (const WorstRow& row : worst_rows(answer)) {
    text += fmt::format("{}\n    {}\n", sentence(row), row.why(answer.calibration));
  }
  const std::vector<std::string> not_run = not_run_lines(answer);
  if (!not_run.empty()) text += fmt::format("\nnot run\n{}\n", fmt::join(not_run, "\n"));
  return text;
}

std::string validation_json(const ValidationAnswer& answer) {
  nlohmann::ordered_json root;
  root["schema_version"] = 1;
  root["constants"] = answer.constants;
  root["sets"] = nlohmann::ordered_json::array();
  for (const ScoredSet& each : answer.scored) {
    const ErrorSummary summary = summarize(each.errors);
    const auto percent = [&](double value) {
      return each.errors.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(value);
    };
    root["sets"].push_back({{"name", each.set->name},
                            {"what", measured_name(each.set->what)},
                            {"metric", each.set->metric},
                            {"rows", each.errors.size()},
                            {"not_run", each.set->not_run.size()},
                            {"mape_percent", percent(summary.mape_percent)},
                            {"bias_percent", percent(summary.bias_percent)},
                            {"median_percent", percent(summary.median_percent)},
                            {"worst_percent", percent(summary.worst_percent)},
                            {"target_percent", each.set->target_percent}});
  }
  root["not_run"] = nlohmann::ordered_json::array();
  for (const ScoredSet& each : answer.scored) {
    for (const NotRun& row : each.set->not_run) {
      root["not_run"].push_back({{"set", each.set->name},
                                 {"what", measured_name(each.set->what)},
                                 {"row", row.row},
                                 {"reason", row.reason}});
    }
  }
  root["worst_rows"] = nlohmann::ordered_json::array();
  for (const WorstRow& row : worst_rows(answer)) {
    root["worst_rows"].push_back({{"set", row.scored->set->name},
                                  {"row", row.measurement().label},
                                  {"measured", row.measurement().measured},
                                  {"predicted", row.predicted()},
                                  {"error_percent", 100.0 * row.error()},
                                  {"why", row.why(answer.calibration)}});
  }
  return root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

std::string validation_html(const ValidationAnswer& answer, const std::string& command) {
  std::vector<std::string> worst;
  for (const WorstRow& row : worst_rows(answer)) {
    worst.push_back(sentence(row) + ". " + row.why(answer.calibration) + ".");
  }
  const std::string title = fmt::format("Predictions against measurements, constants: {}", answer.constants);
  return html_page(title, html_table("Error of each data set", validation_summary(answer)) +
                              html_figure("Accuracy", "predicted against measured", drawn(answer), command) +
                              html_list("The worst rows, and why", worst) +
                              html_list("Rows that were not run", not_run_lines(answer)) +
                              html_table("Fitted constants, and what they were fitted on",
                                         constants_table(answer.calibration)) +
                              html_commands("Run it again", {command}));
}

}  // namespace bandwright
