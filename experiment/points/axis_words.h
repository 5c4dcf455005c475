#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/specification.h"
#include "study/job/job_options.h"

namespace bandwright {

// The words that an experiment's axes take, beside those of catalogues elsewhere.

struct EngineInfo {
  Engine engine;
  Fidelity fidelity;
  std::string_view name;
  std::string_view help;
};
std::span<const EngineInfo> sweep_engines();
void set_engine(Point& point, const EngineInfo& info);
void play_every_npu(Point& point);  // of an event-driven one
// Of the command line, which has no file and line.
const EngineInfo& engine_named(const std::string& word);

struct WiringInfo {
  std::string_view name;
  std::string_view help;
  bool in_switches;
};
std::span<const WiringInfo> wirings();

struct TableLayout {
  std::string_view name;
  std::string_view help;
};
std::span<const TableLayout> table_layouts();

// Whether a grid of models on machines has an axis for an option of a job.
bool is_swept(const JobOption& option);
// Whether its words stand among the others in a row: some have a column for all kinds of points.
bool has_no_column(const JobOption& option);
// Keys that only such a grid has.
std::vector<std::string_view> job_keys();

}  // namespace bandwright
