#include "study/export.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/files/exported.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "core/catalogue.h"
#include "core/io/interrupt.h"
#include "core/io/paths.h"
#include "core/io/progress.h"
#include "core/text.h"
#include "study/job/table_training.h"
#include "study/job/workload.h"
#include "study/optimize.h"

namespace bandwright {
namespace {

struct ExportOptions {
  Job job;
  std::string kind = "chakra";
  std::string folder;
  OutputOptions output;
};

std::int64_t npus_of(const ExportOptions& options) {
  if (options.job.npus.empty()) throw InputError("--npus is missing: how many NPUs to write traces for");
  return read_word(options.job, &Job::npus,
                   [](std::string_view text) { return parse_integer(text, 2, max_npus); });
}

Model table_named(const std::string& word) {
  Workload workload = load_workload(word, Prefer::Tables);
  if (auto* table = std::get_if<Model>(&workload)) return std::move(*table);
  throw InputError(fmt::format("{} is {}: layer tables can be exported ({})", word, kind_of(workload),
                               fmt::join(input_names("models/tables"), ", ")));
}

void run(const CLI::App& command, const ExportOptions& options) {
  const auto& format = parse_option("--to", options.kind, [](std::string_view word) -> const ExportFormat& {
    return find_in_catalogue(export_formats(), word, "export format");
  });
  if (!format.traces) refuse_typed(command, {"loop", "--npus", "--compute-scale"}, "is for --to chakra");
  std::vector<TableTraining> tables;
  for (const Job& job : members_of(options.job)) {
    tables.push_back(table_training(job, table_named(job.model), Library()));
  }
  const std::int64_t npus = format.traces ? npus_of(options) : 0;
  const std::vector<Exported> written = [&] {
    const InterruptWatch interrupt(stop_of(options.output.host));
    ProgressBar bar("export", "traces");
    return export_tables(tables, npus, format, options.folder, [&](std::int64_t done, std::int64_t total) {
      bar.show(static_cast<std::size_t>(done), static_cast<std::size_t>(total));
    });
  }();
  write_answer(options.output, exported_document(format, options.folder, written));
}

}  // namespace

void add_export(CLI::App& app) {
  CLI::App* command = app.add_subcommand("export", "A layer table's training step as files for other tools");
  const auto options =
      std::make_shared<ExportOptions>();  // shared with the callback, which outlives this function
  command->add_option("model", options->job.model, "a layer table, or several as 17B,175B")
      ->required()
      ->type_name("MODEL");
  command->add_option("loop", options->job.loop, "NoOverlap (default) or Overlap; of traces only")
      ->type_name("LOOP");
  command->add_option("--npus", options->job.npus, "how many NPUs to write traces for")->type_name("N");
  command->add_option("--to", options->kind, "chakra (default) or astra-sim-1")->type_name("KIND");
  command->add_option("-o,--output", options->folder, "folder for the files")->required()->type_name("DIR");
  add_job_option(*command, options->job, &Job::tables);
  add_job_option(*command, options->job, &Job::recompute)
      ->description("none, full or communication: what runs again in the backward pass");
  add_job_option(*command, options->job, &Job::compute_scale);
  add_format_options(*command, options->output);
  // Until version 0.2 --format said what --to says.
  command->get_option("--format")->transform([options](std::string word) {
    for (const ExportFormat& format : export_formats()) {
      if (!equal_ignoring_case(word, format.name)) continue;
      options->kind = word;
      return std::string("text");
    }
    return word;
  });
  command->footer(
      "Examples:\n"
      "  bandwright export 175B --npus 1024 --to chakra -o traces\n"
      "  bandwright export 1T --to astra-sim-1 --recompute full -o layers");
  command->callback([command, options] { run(*command, *options); });
}

}  // namespace bandwright
