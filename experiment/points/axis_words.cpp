#include "experiment/points/axis_words.h"

#include <array>

#include "core/catalogue.h"

namespace bandwright {
namespace {

constexpr std::array all_engines = {
    EngineInfo{Engine::EventDriven, Fidelity::Auto, "event-driven",
               "chunks, queues and latencies, event by event; one NPU for all where that is exact"},
    EngineInfo{Engine::EventDriven, Fidelity::Full, "event-driven-full",
               "the same with every NPU, port and link"},
    EngineInfo{Engine::ClosedForm, Fidelity::Auto, "closed-form",
               "every collective at wire speed on its slowest dimension"}};

constexpr std::array all_wirings = {
    WiringInfo{"real", "the network as it is", false},
    WiringInfo{"switches", "every dimension a switch, whose NPUs all reach each other at full bandwidth",
               true}};

constexpr std::array all_layouts = {TableLayout{"split", "every line reduces its own weight gradients"},
                                    TableLayout{"fused", "the first line reduces all weight gradients"}};

}  // namespace

std::span<const EngineInfo> sweep_engines() { return all_engines; }
std::span<const WiringInfo> wirings() { return all_wirings; }
std::span<const TableLayout> table_layouts() { return all_layouts; }

void set_engine(Point& point, const EngineInfo& info) {
  point.engine = info.engine;
  point.fidelity = info.fidelity;
  point.asked.engine = info.name;
}

// Of the command line, which has no file and line.
const EngineInfo& engine_named(const std::string& word) {
  try {
    return find_in_catalogue(sweep_engines(), word, "engine");
  } catch (const InputError& error) {
    throw InputError(std::string("--engine: ") + error.what());
  }
}

void play_every_npu(Point& point) {
  if (point.engine == Engine::EventDriven) set_engine(point, all_engines[1]);
}

bool is_swept(const JobOption& option, Ground ground) {
  const bool machines = ground == Ground::Machines;
  switch (option.group) {
    case OptionGroup::Workloads:
    case OptionGroup::Machines:
    case OptionGroup::Divisions:
    case OptionGroup::Finer:
    case OptionGroup::Memories:
      return machines;
    case OptionGroup::Tables:
      return machines && option.word == &Job::loop;
    case OptionGroup::Libraries:  // own links are the real wiring
      return option.word != &Job::own_links && option.word != &Job::library;
    case OptionGroup::Bandwidths:
      return option.word == &Job::bandwidth;
    case OptionGroup::Files:
      return !machines && option.word != &Job::workload;
    case OptionGroup::Prices:
      return !machines && option.word == &Job::classes;
    default:
      return false;
  }
}

bool has_no_column(const JobOption& option) {
  for (std::string Job::*const word :
       {&Job::model, &Job::workload, &Job::collective, &Job::machine, &Job::npus, &Job::network,
        &Job::recompute, &Job::loop, &Job::tables, &Job::compute_scale, &Job::library}) {
    if (option.word == word) return false;
  }
  return true;
}

std::vector<std::string_view> job_keys() {
  std::vector<std::string_view> keys;
  for (const JobOption& option : job_options()) {
    const bool in_both =
        option.word == &Job::model || option.word == &Job::recompute || option.word == &Job::loop;
    const bool trained = option.word == &Job::workload || option.group == OptionGroup::Collectives;
    const bool swept = is_swept(option, Ground::Machines) || is_swept(option, Ground::Networks) || trained;
    if (!swept || in_both) continue;
    keys.push_back(option.name);
    if (!option.plural.empty()) keys.push_back(option.plural);
  }
  return keys;
}

}  // namespace bandwright
