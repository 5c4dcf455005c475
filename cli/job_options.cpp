#include "cli/job_options.h"

#include <fmt/format.h>

#include <array>

#include "cli/output.h"
#include "cli/trace_bar.h"
#include "core/catalogue.h"

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

}  // namespace

void add_job_options(CLI::App& command, JobOptions& options) {
  command
      .add_option("--workload", options.files.workload,
                  "in place of a model: Chakra traces (folder, prefix, file) or a layer text")
      ->type_name("FILES");
  command
      .add_option("--network,--libra", options.files.network,
                  "in place of <network>: also ASTRA-sim's, LIBRA's and its artifact's files")
      ->type_name("FILE");
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
  if (files.network.empty()) throw InputError("--workload needs a network: --network FILE");
  TraceBar bar;
  return load_job(files, bandwidth, [&](const TraceProgress& progress) { bar.show(progress); });
}

void show_ignored(const Job& job) {
  for (const std::string& line : job.ignored) fmt::print(stderr, "ignored: {}\n", printable(line));
}

}  // namespace bandwright
