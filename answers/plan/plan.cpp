#include "answers/plan/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "answers/launcher.h"
#include "answers/plan/plan_charts.h"

namespace bandwright {
std::string division_words(const Parallelism& p) {
  std::string words;
  const auto add = [&](const std::string& word) { words += (words.empty() ? "" : ", ") + word; };
  if (p.tensor > 1) add(fmt::format("TP {}{}", p.tensor, p.sequence_parallel ? " SP" : ""));
  if (p.context > 1) add(fmt::format("CP {}", p.context));
  if (p.pipeline > 1) {
    add(p.virtual_stages > 1 ? fmt::format("PP {} x {}", p.pipeline, p.virtual_stages)
                             : fmt::format("PP {}", p.pipeline));
  }
  if (p.expert > 1) add(fmt::format("EP {}", p.expert));
  add(fmt::format("DP {}", p.data));
  if (p.micro_batch > 1) add(fmt::format("micro-batch {}", p.micro_batch));
  if (p.zero > 0) add(fmt::format("ZeRO {}", p.zero));
  if (p.recompute != Recomputation::None) add(fmt::format("recompute {}", recomputation_name(p.recompute)));
  return words;
}

std::string division_difference(const Parallelism& listed, const Parallelism& tie) {
  const bool same_groups = listed.tensor == tie.tensor && listed.context == tie.context &&
                           listed.pipeline == tie.pipeline && listed.expert == tie.expert &&
                           listed.data == tie.data;
  if (!same_groups) return division_words(tie);
  std::vector<std::string> words;
  if (listed.virtual_stages != tie.virtual_stages)
    words.push_back(fmt::format("virtual stages {}", tie.virtual_stages));
  if (listed.micro_batch != tie.micro_batch) words.push_back(fmt::format("micro-batch {}", tie.micro_batch));
  if (listed.zero != tie.zero) words.push_back(fmt::format("ZeRO {}", tie.zero));
  if (listed.recompute != tie.recompute)
    words.push_back(fmt::format("recompute {}", recomputation_name(tie.recompute)));
  if (listed.sequence_parallel != tie.sequence_parallel)
    words.emplace_back(tie.sequence_parallel ? "SP" : "no SP");
  return fmt::format("{}", fmt::join(words, " "));
}

std::string division_options(const Parallelism& p) {
  std::string words = fmt::format("--npus {} --tp {} --pp {}", p.npus(), p.tensor, p.pipeline);
  if (p.context > 1) words += fmt::format(" --cp {}", p.context);
  if (p.expert > 1) words += fmt::format(" --ep {}", p.expert);
  if (p.sequence_parallel) words += " --sequence-parallel";
  if (p.virtual_stages > 1) words += fmt::format(" --virtual-stages {}", p.virtual_stages);
  words += fmt::format(" --micro-batch {} --global-batch {}", p.micro_batch, p.global_batch);
  if (p.zero > 0) words += fmt::format(" --zero {}", p.zero);
  if (p.recompute != Recomputation::None)
    words += fmt::format(" --recompute {}", recomputation_name(p.recompute));
  return words;
}

std::span<const char* const> division_keys() {
  static constexpr const char* keys[] = {"tensor",    "context",          "pipeline",    "expert",
                                         "data",      "virtual_stages",   "micro_batch", "zero",
                                         "recompute", "sequence_parallel"};
  return keys;
}
std::vector<Value> division_values(const Parallelism& p) {
  return {p.tensor,           p.context, p.pipeline,
          p.expert,           p.data,    p.virtual_stages,
          p.micro_batch,      p.zero,    std::string(recomputation_name(p.recompute)),
          p.sequence_parallel};
}

namespace {

constexpr Shown programs = Shown::ToPrograms;

std::vector<std::string> differences(const RankedDivision& ranked) {
  std::vector<std::string> all;
  for (const Parallelism& tie : ranked.ties) all.push_back(division_difference(ranked.parallelism, tie));
  return all;
}

// Columns of a table of divisions and a row of each.
class DivisionTable {
 public:
  DivisionTable(std::string_view key, const PlanAnswer& answer) : table_(Table::of(key)) {
    const bool money = answer.objective != PlanObjective::StepTime;
    const bool network = needs_prices(answer.objective);
    table_.column("rank").column("npus", "", answer.space.npus.size() > 1 ? Shown::Everywhere : programs);
    table_.column("division", "", Shown::ToPeople);
    for (const char* each : division_keys()) table_.column_within("division", each);
    table_.column("step_time_s").column("tokens_per_s").column("mfu").column("hfu", "", programs);
    table_.column("tflop_per_s_per_npu", "", programs).column("exposed_communication_s", "", programs);
    table_.column("memory_bytes").column("memory_capacity_bytes", "", programs).column("fits", "", programs);
    table_.column("usd_per_million_tokens", "", money ? Shown::Everywhere : programs);
    table_.column("cost_usd", "network", network ? Shown::Everywhere : programs);
    table_.column("ties", "", programs);
  }

  void add(const PlannedDivision& each) {
    const TrainingEstimate& e = each.estimate;
    const Parallelism& p = each.ranked.parallelism;
    const auto rank = static_cast<std::int64_t>(table_.rows.size()) + 1;
    std::vector<Value> row = {rank, p.npus(), division_words(p)};
    for (Value& value : division_values(p)) row.push_back(std::move(value));
    const Value price = e.usd_per_million_tokens > 0.0 ? Value(e.usd_per_million_tokens) : Value();
    for (Value value :
         std::initializer_list<Value>{e.step_ns / 1e9, e.tokens_per_s, e.mfu, e.hfu, e.tflop_per_s_per_npu,
                                      e.exposed_communication_ns() / 1e9, e.memory.total(), e.memory_capacity,
                                      e.fits(), price, each.network_usd, differences(each.ranked)}) {
      row.push_back(std::move(value));
    }
    table_.rows.push_back(std::move(row));
  }

  [[nodiscard]] Table take() && { return std::move(table_); }
  Table& table() { return table_; }

 private:
  Table table_;
};

Facts counts_of(const DivisionCounts& counts) {
  const auto valid = static_cast<double>(counts.valid);
  return Facts::of("counts", "of all combinations")
      .fact("combinations", counts.combinations)
      .fact("cannot_be_divided", counts.combinations - valid)
      .fact("do_not_fit", counts.valid - counts.fit)
      .fact("feasible", counts.fit)
      .fact("below_bound", counts.below);
}

std::string smallest_words(const PlanAnswer& answer, const std::optional<RankedDivision>& smallest) {
  if (!smallest) return "no combination of these choices divides the model, the batch and the NPUs";
  return fmt::format("memory removes the last: the smallest bill is {} of {} ({})",
                     quantity(smallest->memory_bytes, Unit::Memory),
                     quantity(answer.memory_limit, Unit::Memory), division_words(smallest->parallelism));
}

std::string nearest_words(const PlanAnswer& answer) {
  if (answer.counts.fit == 0) return "nothing fits: " + smallest_words(answer, answer.smallest);
  if (!answer.fastest) return "interrupted before a division was tried";
  return fmt::format("nothing is left: --max-step removes the last, the fastest takes {} ({})",
                     quantity(answer.fastest->step_ns * 1e-9, Unit::Seconds),
                     division_words(answer.fastest->parallelism));
}

// What the asked division lacks to be the best.
std::string explanation(const PlanAnswer& answer, const PlanAnswer::Explained& explained) {
  if (!explained.best) {
    if (explained.smallest)
      return fmt::format("{}: {}", explained.asked, smallest_words(answer, explained.smallest));
    return fmt::format("{}: no division of the space is so, or none is fast enough", explained.asked);
  }
  const RankedDivision& theirs = explained.best->ranked;
  const double best = answer.best.empty() ? theirs.step_ns : answer.best[0].ranked.step_ns;
  return fmt::format("{}: at best {} ({}), {:.3f} times the best; it would have to be {} shorter",
                     explained.asked, quantity(theirs.step_ns * 1e-9, Unit::Seconds),
                     division_words(theirs.parallelism), theirs.step_ns / best,
                     quantity((theirs.step_ns - best) * 1e-9, Unit::Seconds));
}

void add_ties(const PlanAnswer& answer, Document& document) {
  std::vector<std::vector<std::string>> ties;
  for (const PlannedDivision& each : answer.best) ties.push_back(differences(each.ranked));
  add_tie_notes(ties, document);
}

std::string npus_words(const DivisionSpace& space) {
  return space.npus.size() == 1 ? fmt::to_string(space.npus[0])
                                : fmt::format("{} to {}", space.npus.front(), space.npus.back());
}

Verdict verdict_of(const PlanAnswer& answer) {
  if (answer.best.empty()) return {nearest_words(answer), Verdict::Mood::Bad};
  const RankedDivision& best = answer.best[0].ranked;
  if (answer.pareto) {
    return {fmt::format("{} of {} NPU counts are on the front; proved: nothing else is", answer.best.size(),
                        answer.space.npus.size()),
            Verdict::Mood::Good};
  }
  return {fmt::format("{}: a step of {}; {}", division_words(best.parallelism),
                      quantity(best.step_ns * 1e-9, Unit::Seconds),
                      answer.interrupted ? "interrupted: not all were tried"
                                         : "proved: none of the others is better"),
          answer.interrupted ? Verdict::Mood::Plain : Verdict::Mood::Good};
}

void add_commands(const PlanWords& words, const PlanAnswer& answer, Document& document) {
  TrainingJob job = answer.space.job;
  job.parallelism = answer.best[0].ranked.parallelism;
  const std::string options =
      fmt::format("{} --machine {} {}", words.model, words.machine, division_options(job.parallelism));
  List commands = List::of("next_commands", "look closer",
                           {"bandwright estimate " + options, "bandwright simulate " + options});
  commands.commands = true;
  document.data("megatron_core_arguments", megatron_core_arguments(job).arguments);
  document.data("torchtitan_arguments", torchtitan_arguments(job).arguments);
  document.add(std::move(commands));
  if (words.launcher.empty()) return;
  const LauncherArguments launch = launcher_arguments(words.launcher, job);
  List lines = List::of("", words.launcher, {launch.arguments});
  lines.commands = true;
  document.add(std::move(lines));
  for (const std::string& remark : launch.remarks) document.notes.push_back(remark);
}

void add_charts(const PlanAnswer& answer, const std::vector<PlanCell>& map, Document& document) {
  if (answer.pareto) document.add(front_chart(answer));
  if (!answer.pareto) document.add(ranking_chart(answer));
  if (!map.empty()) document.add(map_chart(answer, map));
}

}  // namespace

Document plan_document(const PlanWords& words, const PlanAnswer& answer, const std::vector<PlanCell>& map) {
  const DivisionSpace& space = answer.space;
  Document document{
      .title = fmt::format("{} on {} NPUs of {}, global batch {}", space.job.model.name, npus_words(space),
                           space.job.machine.name, space.job.parallelism.global_batch),
      .verdict = verdict_of(answer)};
  document.data("model", space.job.model.name).data("machine", space.job.machine.name);
  document.data("global_batch", space.job.parallelism.global_batch);
  document.data("minimized", std::string(plan_objective_name(answer.objective)));
  const bool proved = !answer.best.empty() && !answer.interrupted;
  document.data("step_time_bound_s", proved && answer.objective == PlanObjective::StepTime && !answer.pareto
                                         ? Value(answer.best[0].estimate.step_ns / 1e9)
                                         : Value());
  document.data("gap", proved ? Value(0.0) : Value());
  DivisionTable plans("plans", answer);
  plans.table().main = true;
  for (const PlannedDivision& each : answer.best) plans.add(each);
  document.add(std::move(plans).take());
  if (!answer.best.empty()) add_charts(answer, map, document);
  document.add(counts_of(answer.counts));
  for (const std::string& obstacle : answer.obstacles) document.notes.push_back(obstacle);
  add_ties(answer, document);
  if (answer.explained) {
    document.notes.push_back(explanation(answer, *answer.explained));
    DivisionTable asked("explained", answer);
    asked.table().shown = programs;
    if (answer.explained->best) asked.add(*answer.explained->best);
    document.add(std::move(asked).take());
  }
  if (!answer.best.empty()) add_commands(words, answer, document);
  return document;
}

void add_tie_notes(const std::vector<std::vector<std::string>>& ties, Document& document) {
  constexpr std::size_t most = 3;
  std::vector<std::pair<std::string, std::vector<std::size_t>>> rows;  // words, and the ranks they are of
  for (std::size_t i = 0; i < ties.size(); ++i) {
    if (ties[i].empty()) continue;
    const std::size_t said = std::min(most, ties[i].size());
    std::string words = fmt::format("{}", fmt::join(std::span(ties[i]).first(said), "; "));
    if (ties[i].size() > said) words += fmt::format("; and {} others", ties[i].size() - said);
    auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& each) { return each.first == words; });
    if (row == rows.end()) row = rows.emplace(rows.end(), std::move(words), std::vector<std::size_t>());
    row->second.push_back(i + 1);
  }
  for (const auto& [words, ranks] : rows) {
    document.notes.push_back(fmt::format("rank{} {}: exactly as fast with {}", ranks.size() > 1 ? "s" : "",
                                         fmt::join(ranks, ", "), words));
  }
}

Document proof_document(const CheckedProof& checked) {
  const Job& job = checked.question.job;
  Document document{.title =
                        fmt::format("a proof about {} on {} NPUs of {}", job.model, job.npus, job.machine)};
  const bool accepted = checked.fault.empty();
  const std::string_view statement = checked.question.pareto
                                         ? "accepted: nothing else of the space is on the front"
                                         : "accepted: no division of the space is better than those it lists";
  document.verdict = {accepted ? std::string(statement) : "rejected: " + checked.fault,
                      accepted ? Verdict::Mood::Good : Verdict::Mood::Bad};
  document.data("accepted", accepted).data("fault", accepted ? Value() : Value(checked.fault));
  document.fact("subtrees", checked.subtrees);
  const DivisionCounts& counts = checked.counts;
  return document.fact("valid_divisions", counts.valid)
      .fact("feasible", counts.fit)
      .fact("below_bound", counts.below);
}

}  // namespace bandwright
