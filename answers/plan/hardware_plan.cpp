#include "answers/plan/hardware_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include "answers/launcher.h"
#include "answers/plan/plan.h"
#include "answers/plan/plan_charts.h"

namespace bandwright {
namespace {

std::string budget_words(const HardwareSpace& space) {
  return space.dollars ? quantity(space.budget, Unit::Usd)
                       : quantity(space.budget, Unit::GbPerS) + " per NPU";
}

std::string placement_words(const Parallelism& p) { return fmt::format("{}", fmt::join(p.placement, ",")); }

// Those of several NPUs, innermost first: "CP, DP".
std::string groups_words(const Parallelism& p) {
  std::vector<std::string_view> names;
  const std::pair<std::string_view, std::int64_t> sizes[] = {
      {"TP", p.tensor}, {"CP", p.context}, {"EP", p.expert}, {"DP", p.data}, {"PP", p.pipeline}};
  for (const std::string& name : p.placement) {
    for (const auto& [each, npus] : sizes) {
      if (each == name && npus > 1) names.push_back(each);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// "Switch(8) 430.8, Ring(2) 2.59"
std::string bought_words(const PlannedHardware& each) {
  std::vector<std::string> words;
  for (std::size_t d = 0; d < each.network.dimensions.size(); ++d) {
    const Dimension& dimension = each.network.dimensions[d];
    words.push_back(
        fmt::format("{}({}) {:.4g}", dimension.kind->name, dimension.npus, each.ranked.gb_per_s[d]));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

Table plans_of(const HardwareAnswer& answer, std::span<const PlannedHardware> plans, std::string_view key) {
  constexpr Shown programs = Shown::ToPrograms;
  const bool time = answer.objective == PlanObjective::StepTime;
  const bool tokens = answer.objective == PlanObjective::CostPerToken;
  Table table = Table::of(key);
  table.column("rank").column("npus", "", programs).column("division", "", Shown::ToPeople);
  for (const char* each : division_keys()) table.column_within("division", each);
  table.column("bought", "", Shown::ToPeople).column("laid_out", "", Shown::ToPeople);
  table.column("network", "", programs).column("bandwidth_gb_per_s", "", programs);
  table.column("placement_of_groups", "", programs);
  table.column("step_time_s").column("step_time_bound_s", "", programs).column("tokens_per_s", "", programs);
  table.column("mfu").column("hfu", "", programs).column("tflop_per_s_per_npu", "", programs);
  table.column("memory_bytes").column("cost_usd", "network cost").column("estimate_s", "", programs);
  table.column("usd_per_million_tokens", "", tokens ? Shown::Everywhere : programs);
  table.column("ties", "", programs);
  for (const PlannedHardware& each : plans) {
    const RankedHardware& ranked = each.ranked;
    std::vector<Value> row = {static_cast<std::int64_t>(table.rows.size()) + 1, ranked.parallelism.npus(),
                              division_words(ranked.parallelism)};
    for (Value& value : division_values(ranked.parallelism)) row.push_back(std::move(value));
    std::vector<std::string> ties;
    for (const Parallelism& tie : ranked.ties) ties.push_back(division_difference(ranked.parallelism, tie));
    for (Value value : std::initializer_list<Value>{
             bought_words(each), groups_words(ranked.parallelism), each.network.shorthand(), ranked.gb_per_s,
             placement_words(ranked.parallelism), ranked.step_ns / 1e9,
             time ? Value(ranked.bound / 1e9) : Value(), each.rate.tokens_per_s, each.rate.mfu, each.rate.hfu,
             each.rate.tflop_per_s_per_npu, ranked.memory_bytes, each.network_usd, each.estimate_ns / 1e9,
             each.usd_per_million_tokens, std::move(ties)}) {
      row.push_back(std::move(value));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Verdict verdict_of_hardware(const HardwareAnswer& answer) {
  const auto bad = [](std::string text) { return Verdict{std::move(text), Verdict::Mood::Bad}; };
  if (!answer.best.empty()) {
    const PlannedHardware& best = answer.best[0];
    const std::string networks =
        fmt::format("{} network{}", answer.best.size(), answer.best.size() == 1 ? "" : "s");
    if (answer.pareto && !answer.interrupted && answer.objective != PlanObjective::StepTime) {
      return {fmt::format("{}, from the fastest to the cheapest{}; proved: none that is as fast costs less",
                          networks, answer.objective == PlanObjective::CostPerToken ? " per token" : ""),
              Verdict::Mood::Good};
    }
    if (answer.pareto && !answer.interrupted) {
      return {
          fmt::format("{}, each of which costs at most half of the one before; proved: no network within the "
                      "cost of one is faster",
                      networks),
          Verdict::Mood::Good};
    }
    if (answer.objective == PlanObjective::NetworkCost && !answer.interrupted) {
      return {
          fmt::format("{} on {} for {}: a step of {}; proved: no cheaper network is as fast as --max-step",
                      division_words(best.ranked.parallelism), best.network.shorthand(),
                      quantity(best.network_usd.value_or(0.0), Unit::Usd),
                      quantity(best.ranked.step_ns * 1e-9, Unit::Seconds)),
          Verdict::Mood::Good};
    }
    return {fmt::format("{} on {}: a step of {}; {}", division_words(best.ranked.parallelism),
                        best.network.shorthand(), quantity(best.ranked.step_ns * 1e-9, Unit::Seconds),
                        answer.interrupted ? "interrupted: not all were tried"
                                           : "proved: no other network and division is better"),
            answer.interrupted ? Verdict::Mood::Plain : Verdict::Mood::Good};
  }
  if (answer.interrupted) return bad("interrupted before an answer was found");
  if (answer.counts.fit == 0 && answer.smallest) {
    return bad(fmt::format("nothing fits: memory removes the last: the smallest bill is {} of {} ({})",
                           quantity(answer.smallest->memory_bytes, Unit::Memory),
                           quantity(answer.memory_limit, Unit::Memory),
                           division_words(answer.smallest->parallelism)));
  }
  if (answer.fastest) {
    return bad(fmt::format("nothing is left: --max-step removes the last, the fastest takes {} ({} on {})",
                           quantity(answer.fastest->ranked.step_ns * 1e-9, Unit::Seconds),
                           division_words(answer.fastest->ranked.parallelism),
                           answer.fastest->network.shorthand()));
  }
  if (answer.counts.points == 0.0) return bad("nothing is left: the groups of no division lie over a shape");
  return bad(fmt::format("nothing is left: no bandwidths of any shape satisfy {}",
                         fmt::join(answer.space.constraints, "; ")));
}

// What the division that was asked about lacks to be the best.
void add_explanation(const HardwareAnswer& answer, const HardwareAnswer::Explained& explained,
                     Document& document) {
  Table asked =
      plans_of(answer, explained.best ? std::span(&*explained.best, 1) : std::span<const PlannedHardware>(),
               "explained");
  asked.shown = Shown::ToPrograms;
  document.add(std::move(asked));
  if (!explained.best) {
    document.notes.push_back(
        explained.smallest
            ? fmt::format("{}: memory removes the last: the smallest bill is {} of {} ({})", explained.asked,
                          quantity(explained.smallest->memory_bytes, Unit::Memory),
                          quantity(answer.memory_limit, Unit::Memory),
                          division_words(explained.smallest->parallelism))
            : fmt::format("{}: no division of the space is so, or no network is fast enough",
                          explained.asked));
    return;
  }
  const RankedHardware& theirs = explained.best->ranked;
  const RankedHardware& best = answer.best.empty() ? theirs : answer.best[0].ranked;
  std::string words = fmt::format("{}: at best {} ({} on {})", explained.asked,
                                  quantity(theirs.step_ns * 1e-9, Unit::Seconds),
                                  division_words(theirs.parallelism), explained.best->network.shorthand());
  if (answer.objective == PlanObjective::StepTime) {
    words +=
        fmt::format(", {:.3f} times the best; it would have to be {} shorter", theirs.step_ns / best.step_ns,
                    quantity((theirs.step_ns - best.step_ns) * 1e-9, Unit::Seconds));
  } else {
    words += fmt::format("; {} is {:.3f} times that of the best", plan_objective_name(answer.objective),
                         theirs.value / best.value);
  }
  document.notes.push_back(std::move(words));
}

}  // namespace

Document hardware_plan_document(const std::string& model, const std::string& machine_file,
                                const HardwareAnswer& answer) {
  const DivisionSpace& space = answer.space.divisions;
  Document document{.title = fmt::format("{} on {} {}, global batch {}, a network within {}",
                                         space.job.model.name, space.npus[0], space.job.machine.npu.name,
                                         space.job.parallelism.global_batch, budget_words(answer.space)),
                    .verdict = verdict_of_hardware(answer)};
  document.data("model", space.job.model.name).data("machine", space.job.machine.npu.name);
  document.data("global_batch", space.job.parallelism.global_batch)
      .data("minimized", std::string(plan_objective_name(answer.objective)));
  const bool proved = !answer.best.empty() && !answer.interrupted;
  const bool time = answer.objective == PlanObjective::StepTime;
  document.data("step_time_bound_s", proved && time ? Value(answer.best[0].ranked.bound / 1e9) : Value());
  document.data("gap",
                proved ? Value(std::max(0.0, 1.0 - answer.best[0].ranked.bound / answer.best[0].ranked.value))
                       : Value());
  Table plans = plans_of(answer, answer.best, "plans");
  plans.main = true;
  document.add(std::move(plans));
  if (!answer.best.empty()) document.add(ranking_chart(answer)).add(bought_chart(answer));
  const HardwareCounts& counts = answer.counts;
  document.add(Facts::of("counts", "of all combinations")
                   .fact("combinations", counts.divisions)
                   .fact("cannot_be_divided", counts.divisions - static_cast<double>(counts.valid))
                   .fact("do_not_fit", counts.valid - counts.fit)
                   .fact("feasible", counts.fit)
                   .fact("shapes", counts.shapes)
                   .fact("points_of_space", counts.points)
                   .fact("points_with_algorithms", counts.algorithms));
  if (answer.explained) add_explanation(answer, *answer.explained, document);
  if (answer.best.empty()) return document;
  const PlannedHardware& best = answer.best[0];
  TrainingJob job = space.job;
  job.parallelism = best.ranked.parallelism;
  job.machine = best.machine;
  if (!machine_file.empty()) {
    const std::string options =
        fmt::format("{} --machine {} {} --placement {}", model, machine_file,
                    division_options(job.parallelism), placement_words(job.parallelism));
    List commands = List::of("next_commands", "look closer",
                             {"bandwright estimate " + options, "bandwright simulate " + options});
    commands.commands = true;
    document.add(std::move(commands));
  }
  document.data("megatron_core_arguments", megatron_core_arguments(job).arguments);
  document.data("torchtitan_arguments", torchtitan_arguments(job).arguments);
  std::vector<std::vector<std::string>> ties;
  for (const PlannedHardware& each : answer.best) {
    std::vector<std::string>& of_row = ties.emplace_back();
    for (const Parallelism& tie : each.ranked.ties) {
      of_row.push_back(division_difference(each.ranked.parallelism, tie));
    }
  }
  add_tie_notes(ties, document);
  return document;
}

Document hardware_proof_document(const CheckedHardwareProof& checked) {
  const Job& job = checked.question.job;
  Document document{.title = fmt::format("a proof about {} on {} {}, a network within {}", job.model,
                                         job.npus, checked.question.words.npu, job.budget)};
  const bool accepted = checked.fault.empty();
  const std::string_view statement =
      checked.question.pareto
          ? "accepted: each network is the best within its part of the budget and its longest step"
          : "accepted: no network and division of the space are better than those it lists";
  document.verdict = {accepted ? std::string(statement) : "rejected: " + checked.fault,
                      accepted ? Verdict::Mood::Good : Verdict::Mood::Bad};
  document.data("accepted", accepted).data("fault", accepted ? Value() : Value(checked.fault));
  document.fact("subtrees", checked.subtrees).fact("valid_divisions", checked.counts.valid);
  return document.fact("feasible", checked.counts.fit).fact("pairs", checked.pairs);
}

}  // namespace bandwright
