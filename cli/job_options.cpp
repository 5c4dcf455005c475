#include "cli/job_options.h"

#include <fmt/format.h>

#include <array>

#include "cli/option_rules.h"
#include "cli/output.h"
#include "core/catalogue.h"
#include "core/progress.h"
#include "core/tell.h"
#include "formats/detect.h"

namespace bandwright {
namespace {

struct RouteInfo {
  GroupRoute route;
  std::string_view name;
  std::string_view help;
};
constexpr std::array routes = {
    RouteInfo{GroupRoute::Grid, "grid", "hierarchically where a group's members form a grid"},
    RouteInfo{GroupRoute::Ring, "ring", "as one ring of a group's members"}};

// Traces and layer texts each have files of their own.
void check_files(const JobOptions& options) {
  const JobFiles& files = options.files;
  const bool traces = sample_of(files.workload).traces;
  const auto only_for = [&](bool wanted, std::string_view option, const std::string& text) {
    if (traces == wanted || text.empty()) return;
    throw InputError(fmt::format("{} is for {}, and {} is {}", option, wanted ? "traces" : "layer texts",
                                 files.workload, wanted ? "none" : "traces"));
  };
  only_for(true, "--groups", files.groups);
  only_for(true, "--memory", files.memory);
  only_for(true, "--group-route", options.route);
  only_for(false, "--communicator", files.communicator);
  if (files.loop != JobFiles{}.loop)
    only_for(false, fmt::format("training loop '{}'", files.loop), files.loop);
}

}  // namespace

void add_job_options(CLI::App& command, JobOptions& options) {
  begin_group(command, main_options);
  command
      .add_option("--network,--libra", options.files.network,
                  "in place of <network>: also ASTRA-sim's, LIBRA's and its artifact's files")
      ->type_name("FILE");
  begin_group(command, foreign_files);
  command
      .add_option("--workload", options.files.workload,
                  "in place of a model: Chakra traces (folder, prefix, file) or a layer text")
      ->type_name("FILES");
  command
      .add_option("--groups", options.files.groups,
                  "process groups of traces (default: the .json file beside them)")
      ->type_name("FILE");
  command.add_option("--communicator", options.files.communicator, "groups of LIBRA's layer text")
      ->type_name("FILE");
  command.add_option("--memory", options.files.memory, "ASTRA-sim 2's remote memory, for traces")
      ->type_name("FILE");
  command
      .add_option("--group-route", options.route,
                  "how a group of some NPUs communicates: ring (as ASTRA-sim 2; default on its networks) or "
                  "grid")
      ->type_name("ROUTE");
}

Job load(const JobOptions& options, const JobBandwidth& bandwidth) {
  JobFiles files = options.files;
  if (!options.route.empty()) {
    files.route = parse_option("--group-route", options.route, [](std::string_view word) {
      return find_in_catalogue(std::span<const RouteInfo>(routes), word, "route").route;
    });
  }
  check_files(options);
  if (files.network.empty()) throw InputError("--workload needs a network: --network FILE");
  ProgressBar bar("traces", "files");
  return load_job(files, bandwidth,
                  [&](const TraceProgress& progress) { bar.show(progress.files, progress.total); });
}

void show_ignored(const Job& job) {
  for (const std::string& line : job.ignored) tell("ignored: {}\n", printable(line));
}

}  // namespace bandwright
