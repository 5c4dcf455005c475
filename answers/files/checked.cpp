#include "answers/files/checked.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/input_kinds.h"
#include "experiment/input_files.h"
#include "formats/load.h"
#include "formats/summaries.h"
#include "network/edge_list.h"

namespace bandwright {
namespace {

void refuse_words(const TraceWords& words) {
  if (!words.library.empty()) throw InputError("--library is for traces");
  if (!words.groups.empty()) throw InputError("--groups is for traces");
}

CheckedFile of_kind(const InputKind& kind, FileSummary summary) {
  return {kind.name, kind.help, use_text(kind), std::move(summary)};
}

constexpr const char* traces_use =
    "`simulate` and `optimize` take them with --workload, `share` as a `workload`";

CheckedFile check_sample(const Sample& sample) {
  if (const FileFormat* format = find_format(sample)) {
    return {format->name, format->help, sample.traces ? traces_use : "", format->summarise(sample)};
  }
  const InputReader* reader = sample.root ? find_input_reader(*sample.root) : nullptr;
  if (reader == nullptr && sample.root) {
    if (auto model = summarise_hugging_face(*sample.root)) {
      return {"hugging-face", "config.json of a model on Hugging Face", use_text(input_kind("transformer")),
              std::move(*model)};
    }
  }
  if (reader == nullptr) static_cast<void>(format_of(sample));  // throws
  return of_kind(input_kind(reader->kind), reader->summarise(*sample.root));
}

}  // namespace

// Measurements and lists of links are known by their names; their text is no YAML.
CheckedFile check_file(const std::string& file, const TraceWords& words,
                       const std::function<void(const TraceProgress&)>& progress) {
  if (auto measurements = summarise_measurements(file)) {
    refuse_words(words);
    return {"measurements", "measurements", std::string(measurements->use), std::move(measurements->summary)};
  }
  if (is_edge_list(file)) {
    refuse_words(words);
    return of_kind(input_kind("network"), summarise_links(file));
  }
  Sample sample = sample_of(file);
  if (!sample.traces) refuse_words(words);
  if (!words.library.empty()) {
    const AstraSimSystem system = load_any_system(words.library);
    if (!system.peak) throw InputError(words.library + ": has no peak (peak-perf with roofline-enabled: 1)");
    sample.compute = TraceCompute{.peak = system.peak, .memory = system.memory};
  }
  sample.groups = words.groups;
  sample.progress = progress;
  return check_sample(sample);
}

Document checked_document(const std::string& file, const CheckedFile& checked) {
  Document document{.title = file};
  document.verdict = {fmt::format("valid, {}", checked.help), Verdict::Mood::Good};
  document.data("file", file).data("format", checked.kind).data("valid", true);
  if (!checked.use.empty()) document.fact("use", checked.use, checked.use, "use");
  Table table = Table::of("facts");
  table.column("fact").column("value").main = true;
  for (const auto& [name, value] : checked.summary.facts) table.rows.push_back({name, value});
  document.add(std::move(table));
  const std::vector<std::string>& ignored = checked.summary.ignored;
  document.add(List::of("ignored", ignored.empty() ? "" : "ignored", ignored));
  return document;
}

}  // namespace bandwright
