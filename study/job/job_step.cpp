#include "study/job/job_step.h"

#include <fmt/format.h>

#include <array>

#include "core/catalogue.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "formats/detect.h"
#include "formats/load_graph.h"
#include "optimizer/solver.h"
#include "simulator/closed_form/closed_form.h"
#include "study/job/bandwidths.h"
#include "study/job/built_machine.h"
#include "study/job/job_options.h"
#include "study/job/table_training.h"
#include "study/job/training.h"
#include "study/job/undivided_step.h"
#include "training/on_links.h"

namespace bandwright {
namespace {

struct AllocationInfo {
  bool equal;
  std::string_view name;
  std::string_view help;
};
constexpr std::array allocations = {AllocationInfo{false, "optimized", "the best shares"},
                                    AllocationInfo{false, "optimised", "the best shares"},
                                    AllocationInfo{true, "equal", "the same for each dimension"}};

struct RouteInfo {
  GroupRoute route;
  std::string_view name;
  std::string_view help;
};
constexpr std::array routes = {
    RouteInfo{GroupRoute::Grid, "grid", "hierarchically where a group's members form a grid"},
    RouteInfo{GroupRoute::Ring, "ring", "as one ring of a group's members"}};

template <class Row, std::size_t n>
const Row& row_of(const std::array<Row, n>& rows, std::string_view word, std::string_view what) {
  return find_in_catalogue(std::span<const Row>(rows), word, what);
}

void add_table(const Job& job, const Model& table, JobStep& step) {
  const TableWords words = table_words(job, step.library);
  step.library.compute_scale = words.options.compute_scale;
  step.loop = words.loop->name;
  step.model = table.name;
  std::optional<Model> fused;  // a table is copied for that alone: sweeps build many steps
  if (words.fused) fused = fuse_weight_gradients(table);
  step.graph = build_step(fused ? *fused : table, step.network, *words.loop, words.options);
}

void add_collective(const Job& job, JobStep& step) {
  if (job.size.empty()) throw InputError("--collective needs --size, such as --size '1 GiB'");
  step.graph = lone_collective(step.network, {read_word(job, &Job::collective, collective_kind),
                                              read_word(job, &Job::size, parse_bytes)});
  step.model = step.graph.name;
  step.lone_collective = true;
}

[[noreturn]] void refuse_files(const Job& job) {
  throw InputError(
      fmt::format("{} is another tool's file and no model: --workload {} takes it", job.model, job.model));
}

[[noreturn]] void refuse_bare_network(const Job& job, const Workload& workload) {
  throw InputError(
      fmt::format("{} is {}: it needs a machine and the number of its NPUs, as in --machine dgx-h100 --npus "
                  "512; on a network alone there are layer tables ({})",
                  job.model, kind_of(workload), fmt::join(input_names("models/tables"), ", ")));
}

void refuse_machine(const Job& job) {
  if (find_input("networks", job.network)) return;
  if (!names_machine(job.network)) {
    const std::vector<std::string> names = input_names("machines");
    const std::vector<std::string_view> machines(names.begin(), names.end());
    const bool word = job.network.find_first_of("(/.") == std::string::npos;
    const std::string_view near = word ? nearest(job.network, machines) : std::string_view();
    if (near.empty()) return;
    throw InputError(
        fmt::format("unknown network '{}'; did you mean the machine '{}'? It needs the number of its "
                    "NPUs, as in --npus 512",
                    printable(job.network), near));
  }
  throw InputError(
      fmt::format("{} is a machine: it needs the number of its NPUs, as in --npus 512; networks are a "
                  "shorthand as Ring(8)_Switch(128), a file, or one of {}",
                  job.network, fmt::join(input_names("networks"), ", ")));
}

// What a machine has of its own.
void refuse_network_words(const Job& job) {
  if (!job.classes.empty() && job.npu.empty()) {
    throw InputError("--classes is for networks: a machine's links have classes of their own");
  }
  if (read_flag(job, &Job::own_links)) {
    throw InputError("--own-links is for layer tables on networks: constants of links say what groups reach");
  }
}

std::vector<double> gb_per_s_of(const LogicalGrid& grid) {
  std::vector<double> result;
  for (const Bandwidth b : grid.bandwidth) result.push_back(b.value());
  return result;
}

JobStep step_on_named_network(const Job& job, const StepOptions& options) {
  Library library = library_of(job);
  std::optional<FlowNetwork> built = built_network(job, library);
  LogicalGrid grid = built ? logical_grid(built->graph) : LogicalGrid{network_of(job), {}};
  std::optional<Workload> workload;
  if (job.collective.empty()) workload = load_workload(job.model, Prefer::Tables);
  JobStep step = step_on_network(job, workload ? &*workload : nullptr, std::move(grid.network),
                                 std::move(library), options);
  step.own_gb_per_s = gb_per_s_of(grid);
  step.built = std::move(built);
  return step;
}

// Traces and layer texts each have files of their own.
void check_files(const Job& job, const std::string& path) {
  const bool traces = is_trace({path});
  const auto only_for = [&](bool wanted, std::string Job::*word) {
    if (traces == wanted || (job.*word).empty()) return;
    throw InputError(fmt::format("{} is for {}, and {} is {}", typed_name(job_option(word)),
                                 wanted ? "traces" : "layer texts", path, wanted ? "none" : "traces"));
  };
  only_for(true, &Job::groups);
  only_for(true, &Job::memory);
  only_for(true, &Job::group_route);
  only_for(false, &Job::communicator);
  if (traces && !job.loop.empty() && !equal_ignoring_case(job.loop, job_option(&Job::loop).usual)) {
    throw InputError(fmt::format("training loop '{}' is for layer texts, and {} is traces", job.loop, path));
  }
}

JobStep step_of_files(const Job& job, const std::string& path, const StepOptions& options,
                      const Watch& watch) {
  check_files(job, path);
  if (job.network.empty())
    throw InputError("--workload needs a network, --network FILE, or a machine and --npus");
  StepFiles files{.workload = path,
                  .network = job.network,
                  .library = job.library,
                  .groups = job.groups,
                  .communicator = job.communicator,
                  .memory = job.memory,
                  .loop = std::string(word_of(job, &Job::loop))};
  if (!job.group_route.empty()) {
    files.route = read_word(job, &Job::group_route,
                            [](std::string_view word) { return row_of(routes, word, "route").route; });
  }
  std::optional<FlowNetwork> built = built_network(job, load_any_system(word_of(job, &Job::library)).library);
  FileStep read = load_files(files, options.recorded, watch.on_traces);
  std::string loop = read.ranks ? std::string(recorded_order) : files.loop;
  return {.model = read.graph.name,
          .network = std::move(read.network),
          .library = std::move(read.library),
          .graph = std::move(read.graph),
          .ranks = std::move(read.ranks),
          .loop = std::move(loop),
          .recorded_at = std::move(read.bandwidth),
          .ignored = std::move(read.ignored),
          .built = std::move(built)};
}

// Whose links other tools' files are on.
Machine machine_of_files(const Job& job) {
  constexpr std::array groups = {OptionGroup::Divisions, OptionGroup::Finer, OptionGroup::Memories};
  refuse_given(job, groups, {}, "is for models: other tools' files bring their own step");
  refuse_network_words(job);
  if (names_graph(job.network)) {
    throw InputError(
        fmt::format("{} has links of its own: files are on them, or on a machine's", job.network));
  }
  if (!job.npu.empty()) return machine_of_npu(job, library_on_machine(job));
  if (job.network.empty()) return machine_of(job);
  throw InputError(fmt::format("the machine {} and the network {}: one or the other",
                               word_of(job, &Job::machine), job.network));
}

// Other tools' files on a machine's links. The order of traces is recorded at the links' bandwidths.
JobStep files_on_machine(const Job& job, StepOptions options, const Watch& watch) {
  const Machine machine = machine_of_files(job);
  const Network network = machine.network(read_count(job, &Job::npus, max_npus));
  if (network.dimensions.empty()) throw InputError("--npus 1: one NPU has no network");
  FileBandwidth& recorded = options.recorded;
  recorded.in_system_unit = false;
  recorded.fixed = given_bandwidths(job, network);
  if (recorded.fixed.empty() && !recorded.budget) recorded.fixed = machine.gb_per_s(network);
  Job on_grid = job;
  on_grid.network = network.shorthand();
  JobStep step = step_of_files(on_grid, job.workload, options, watch);
  for (double& b : step.recorded_at) b *= step.library.unit_gb_per_s();
  step.library.gib = false;  // as library_on_machine()
  step.machine = machine.name;
  step.network = network;
  step.graph = on_links_of(machine, network, std::move(step.graph));
  if (step.ranks) step.ranks->graph = on_links_of(machine, network, std::move(step.ranks->graph));
  step.own_gb_per_s = machine.gb_per_s(network);
  step.notes.push_back(fmt::format(
      "on the links of {}; compute takes the times of the files, whatever the NPU", machine.name));
  return step;
}

// The shares of a budget with which a closed form is fastest.
std::vector<double> optimized_shares(const ClosedForm& step_time, int dimensions, double budget) {
  const Summary summary = optimize(Problem{
      .dimensions = dimensions,
      .step_times = {{.cut = [&](std::span<const double> gb_per_s) { return step_time.cut(gb_per_s); }}},
      .constraints = {total_budget(dimensions, budget)}});
  if (summary.gb_per_s.empty()) throw InputError("the budget cannot be divided");
  return summary.gb_per_s;
}

std::vector<double> divided_budget(const Job& job, JobStep& step) {
  const double budget = read_word(job, &Job::budget, parse_gb_per_s);
  if (budget <= 0.0) throw InputError(fmt::format("budget: '{}' is not above 0", job.budget));
  const int dimensions = step.network.size();
  if (dimensions == 0) throw InputError("--npus 1: one NPU has no network to divide a budget over");
  const bool equal = read_word(job, &Job::allocation, [](std::string_view word) {
    return row_of(allocations, word, "allocation").equal;
  });
  if (equal) return std::vector<double>(static_cast<std::size_t>(dimensions), budget / dimensions);
  const double unit = step.library.unit_gb_per_s();
  std::vector<double> shares =
      optimized_shares({step.graph, step.network, step.library.all_alike()}, dimensions, budget * unit);
  note_all_alike(step.library, step.notes);
  for (double& share : shares) share /= unit;
  return shares;
}

}  // namespace

bool names_machine(const std::string& word) {
  if (find_input("machines", word)) return true;
  if (!word.ends_with(".yaml") && !word.ends_with(".yml") && !is_written_out(word)) return false;
  try {
    return YamlValue::load(word).declared_kind() == "machine";
  } catch (const InputError&) {
    return false;  // who reads it for an answer says what is wrong with it
  }
}

Network network_of(const Job& job) {
  if (job.network.empty()) throw InputError("missing network");
  if (names_graph(job.network)) {
    throw InputError(fmt::format(
        "{} is a network as it is built, expected a grid such as Ring(8)_Switch(128): `simulate` plays "
        "it, `network` has its bill",
        job.network));
  }
  refuse_machine(job);
  if (job.classes.empty()) return load_any_network(job.network).network;
  std::vector<std::string> classes;
  for (const std::string_view name : split(job.classes, ',')) {
    if (name.empty()) throw InputError(fmt::format("--classes: an empty class in '{}'", job.classes));
    classes.emplace_back(name);
  }
  return load_network(job.network, classes);
}

Library library_of(const Job& job) {
  Library library = load_any_system(word_of(job, &Job::library)).library;
  if (!job.chunks.empty()) library.chunks = static_cast<int>(read_count(job, &Job::chunks, max_chunks));
  if (!job.scheduler.empty()) {
    library.scheduler = read_word(
        job, &Job::scheduler, [](std::string_view word) { return std::string(chunk_scheduler(word).name); });
  }
  return library;
}

JobStep step_on_network(const Job& job, const Workload* table, Network network, Library library,
                        const StepOptions& options) {
  JobStep step{.network = std::move(network), .library = std::move(library)};
  if (table == nullptr) {
    add_collective(job, step);
  } else {
    const auto* model = std::get_if<Model>(table);
    if (std::holds_alternative<WorkloadFiles>(*table)) refuse_files(job);
    if (model == nullptr) refuse_bare_network(job, *table);
    add_table(job, *model, step);
  }
  if (options.own_links) use_own_links(step.graph.groups, step.network);
  return step;
}

Library library_on_machine(const Job& job) {
  Library library = library_of(job);
  library.gib = false;
  return library;
}

void note_all_alike(const Library& library, std::vector<std::string>& notes) {
  if (library.symmetric()) return;
  notes.push_back(fmt::format(
      "the budget is divided in closed form, as if the NPUs and links that differ in library {} were like "
      "the others; `simulate` plays them as they are",
      library.name));
}

JobStep step_on_machine(const Job& job, const Workload& workload, const Machine& given, const Watch& watch) {
  refuse_network_words(job);
  JobStep step{.model = workload_name(workload), .machine = given.name, .library = library_on_machine(job)};
  step.built = built_network(job, step.library);
  Machine machine = given;
  if (step.built) {
    machine = with_switches_of(given, step.built->graph, read_count(job, &Job::npus), step.notes);
  }
  if (const auto* model = std::get_if<TransformerArchitecture>(&workload)) {
    step.job = training_job(job, *model, machine);
    if (!job.tiers.empty()) step.offload = offload(job, *step.job, watch);
    step.network = machine.network(step.job->parallelism.npus());
    step.graph = training_step(*step.job, step.network);
  } else if (std::holds_alternative<WorkloadFiles>(workload)) {
    refuse_files(job);
  } else {
    const auto* images = std::get_if<ImageModel>(&workload);
    UndividedStep undivided = images != nullptr
                                  ? undivided_step(job, *images, machine)
                                  : undivided_step(job, std::get<Model>(workload), machine, step.library);
    if (images == nullptr) step.loop = loop_of(job).name;
    step.network = std::move(undivided.network);
    step.graph = std::move(undivided.graph);
    step.memory = undivided.memory;
  }
  step.own_gb_per_s = machine.gb_per_s(step.network);
  if (step.built) note_reduction_in_switches(machine, step.graph, step.notes);
  return step;
}

JobStep step_of(const Job& job, const StepOptions& options, const Watch& watch) {
  if (!job.workload.empty()) {
    return job.npus.empty() ? step_of_files(job, job.workload, options, watch)
                            : files_on_machine(job, options, watch);
  }
  if (job.npus.empty() || !job.collective.empty()) return step_on_named_network(job, options);
  const Machine machine = job.npu.empty() ? machine_of(job) : machine_of_npu(job, library_on_machine(job));
  JobStep step = step_on_machine(job, load_workload(job.model), machine, watch);
  if (!job.npu.empty() && !step.built && job.bandwidth.empty()) {
    step.notes.emplace_back(
        "links have the constants of those sold with about an equal share of the budget, whatever its "
        "division");
  }
  return step;
}

std::vector<double> bandwidth_of(const Job& job, JobStep& step) {
  if (!step.recorded_at.empty()) return step.recorded_at;
  if (step.built) refuse_budget_of_links(job);
  if (!job.bandwidth.empty() && !step.built) {
    return read_word(job, &Job::bandwidth,
                     [&](std::string_view text) { return parse_bandwidths(text, step.network); });
  }
  if (job.budget.empty() && !step.own_gb_per_s.empty()) {
    if (!job.allocation.empty()) throw InputError("--allocation needs a budget");
    std::vector<double> own = step.own_gb_per_s;
    for (double& b : own) b /= step.library.unit_gb_per_s();
    return own;
  }
  if (job.budget.empty() && step.network.dimensions.empty()) return {};
  if (job.budget.empty()) throw InputError("missing budget: --budget, or --bandwidth of each dimension");
  return divided_budget(job, step);
}

}  // namespace bandwright
