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

// What a grid's points run on.
enum class Ground : std::uint8_t { Machines, Networks };
// Whether such a grid has an axis of words for an option of a job; some options have axes of their own there.
bool is_swept(const JobOption& option, Ground ground);
// Whether its words stand among the others in a row: some have a column for all kinds of points.
bool has_no_column(const JobOption& option);
// The keys of those axes, of both kinds of grid.
std::vector<std::string_view> job_keys();

}  // namespace bandwright
