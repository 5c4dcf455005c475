#include "experiment/points/axis_reader.h"

#include <fmt/format.h>

#include "core/catalogue.h"
#include "experiment/points/axis_words.h"
#include "study/job/job_options.h"

namespace bandwright {
namespace {

// The row of a catalogue that a value names.
template <class Row>
const Row& chosen(std::span<const Row> rows, const YamlValue& word, std::string_view what) {
  return *word.parsed(what, [&](std::string_view text) { return &find_in_catalogue(rows, text, what); });
}

}  // namespace

void AxisReader::read_engine(Point& point, const YamlValue& word) const {
  set_engine(point, chosen(sweep_engines(), word, "engine"));
}

void AxisReader::read_library(Point& point, const YamlValue& word) const {
  point.library = &inputs_.library(word);
  point.job.library = word.as_string();
  point.asked.library = point.library->name;
  point.asked.compute_scale = point.library->compute_scale;
  point.asked.tables = point.library->fused_tables ? "fused" : "split";
}

void AxisReader::read_network(Point& point, const YamlValue& word) const {
  point.network = &inputs_.network(word, point.job.classes);
  point.job.network = word.as_string();
  point.asked.network = point.network->name;
  point.asked.dimensions = point.network->size();
  point.asked.npus = point.network->npus();
}

void AxisReader::read_wiring(Point& point, const YamlValue& word) const {
  const WiringInfo& info = chosen(wirings(), word, "wiring");
  point.asked.wiring = info.name;
  point.played = info.in_switches ? &inputs_.in_switches(*point.network) : point.network;
}

void AxisReader::read_loop(Point& point, const YamlValue& word) const {
  point.asked.loop = chosen(training_loops(), word, "training loop").name;
  if (grid_.has("loops")) point.job.loop = point.asked.loop;
}

void AxisReader::read_recompute(Point& point, const YamlValue& word) const {
  point.asked.recompute = chosen(recompute_choices(), word, "recomputation").name;
  if (grid_.has("recompute")) point.job.recompute = point.asked.recompute;
}

void AxisReader::read_tables(Point& point, const YamlValue& word) const {
  point.job.tables = point.asked.tables = chosen(table_layouts(), word, "layout of tables").name;
}

void AxisReader::read_scale(Point& point, const YamlValue& number) const {
  point.asked.compute_scale = number.as_number(1e-6, 1e6);
  point.job.compute_scale = fmt::to_string(point.asked.compute_scale);
}

void AxisReader::read_prices(Point& point, const YamlValue& word) const {
  point.prices = &inputs_.prices(word);
  point.asked.prices = point.prices->name;
}

void AxisReader::read_rule(Point& point, const YamlValue& word) const {
  point.rule = &chosen(allocation_rules(), word, "allocation");
  point.asked.allocation = point.rule->name;
}

void AxisReader::read_model(Point& point, const YamlValue& word) const {
  point.model = &model_of(point, word);
  point.asked.model = workload_name(*point.model);
}

void AxisReader::read_files(Point& point, const YamlValue& word) const {
  point.model = &inputs_.files(word);
  point.asked.model = workload_name(*point.model);
}

void AxisReader::read_collective(Point& point, const YamlValue& word) const {
  point.asked.model = collective_name(word.parsed("a collective", collective_kind));
  point.job.collective = point.asked.model;
}

void AxisReader::read_size(Point& point, const YamlValue& word) const {
  static_cast<void>(word.parsed("a size", parse_bytes));
  point.job.size = word.as_string();
}

const Workload& AxisReader::model_of(const Point& point, const YamlValue& word) const {
  return point.machine != nullptr ? inputs_.model(word) : inputs_.table(word, point.asked.tables);
}

}  // namespace bandwright
