#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/calibration.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "core/fields.h"
#include "core/units.h"
#include "study/job/training.h"
#include "validation/own_machine.h"
#include "validation/training_row.h"

namespace bandwright {
namespace {

struct CalibrateOptions {
  std::string gemms;
  std::string collectives;
  std::string collective;
  std::string seconds;
  std::string name;
  Job job;
  std::string file;  // of the machine
  OutputOptions output;
};

int npus_of(const CalibrateOptions& options) {
  if (options.job.npus.empty()) return 0;
  return static_cast<int>(parse_option(
      "--npus", options.job.npus, [](std::string_view word) { return parse_integer(word, 1, max_npus); }));
}

// One step of a job that somebody measured.
DataSet measured_step(const CalibrateOptions& options, const Machine& machine) {
  DataSet set{.name = "own_step", .metric = "s"};
  if (options.seconds.empty()) return set;
  if (options.job.model.empty()) throw InputError("--step: of which model? give --model and its division");
  const double seconds = parse_option("--step", options.seconds,
                                      [](std::string_view word) { return parse_number(word, 1e-6, 1e6); });
  set.rows.push_back(training_row(training_job(options.job, load_architecture(options.job.model), machine),
                                  {options.job.model, options.job.model}, seconds, {.scale = 1e-9}));
  return set;
}

void run(const CalibrateOptions& options) {
  Machine machine = load_machine(options.job.machine);
  OwnMeasurements measured;
  if (!options.gemms.empty()) measured.gemms = read_own_gemms(options.gemms, machine);
  if (!options.collectives.empty()) {
    measured.collectives =
        read_nccl_tests(options.collectives, machine, options.collective, npus_of(options));
  }
  measured.steps = measured_step(options, machine);
  for (const DataSet* set : {&measured.gemms, &measured.collectives, &measured.steps}) {
    if (!set->not_run.empty()) {
      throw InputError(fmt::format("{}: {}", set->not_run.front().row, set->not_run.front().reason));
    }
  }
  if (!options.name.empty()) machine.name = options.name;
  const OwnMachine own = fit_own_machine(std::move(machine), measured);
  write_output({.file = options.file}, machine_fields().file_text(own.machine));
  if (options.file == "-") return;
  write_answer(options.output, calibration_document(own, measured)
                                   .fact("files", std::vector<std::string>{options.file}, "", "written"));
}

}  // namespace

void add_calibrate(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "calibrate", "Constants of a machine from what was measured on it, as a machine file");
  const auto options =
      std::make_shared<CalibrateOptions>();  // shared with the callback, which outlives this function
  Job& job = options->job;
  command->add_option("machine", job.machine, "what it is by its data sheet: a name, or a file")
      ->required()
      ->type_name("MACHINE");
  command->add_option("--gemms", options->gemms, "table of matrix multiplications in bf16: m,n,k,latency_us")
      ->type_name("CSV");
  command->add_option("--nccl-tests", options->collectives, "what all_reduce_perf or its like printed")
      ->type_name("FILE");
  command->add_option("--collective", options->collective, "of that file, where its heading is cut off")
      ->type_name("NAME");
  command->add_option("--step", options->seconds, "measured seconds of one training step of the job below")
      ->type_name("SECONDS");
  command->add_option("--name", options->name, "of the machine in the new file")->type_name("NAME");
  add_output_file(*command, "-o,--machine-file", options->file, "the machine file to write")->required();
  begin_group(*command, "The job of --step");
  add_job_option(*command, job, &Job::model);
  add_job_option(*command, job, &Job::npus);
  add_job_options(*command, job, OptionGroup::Divisions);
  add_job_option(*command, job, &Job::recompute);
  begin_group(*command, finer_points);
  add_job_options(*command, job, OptionGroup::Finer);
  add_output_options(*command, options->output);
  command->footer(
      "The file says what was fitted from what, and every command takes it as --machine. Constants\n"
      "that nothing was measured of stay as they are (inputs/calibration.yaml).\n"
      "Examples:\n"
      "  bandwright calibrate dgx-h100 --nccl-tests all_reduce.txt -o ours.yaml\n"
      "  bandwright calibrate dgx-h100 --step 16.2 --model llama3-70b --npus 512 --tp 8 --pp 4\n"
      "      --global-batch 1024 -o ours.yaml");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
