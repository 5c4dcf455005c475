#include "answers/plan.h"

#include <fmt/format.h>

#include "training/estimate.h"

namespace bandwright {
namespace {

// "TP 8 SP, PP 4 x 2, DP 16, micro-batch 2, ZeRO 1": what is not 1 or none.
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

std::string estimate_command(const PlanWords& words, const Parallelism& p) {
  std::string command = fmt::format("bandwright estimate {} --system {} --npus {} --tp {} --pp {}",
                                    words.model, words.machine, p.npus(), p.tensor, p.pipeline);
  if (p.context > 1) command += fmt::format(" --cp {}", p.context);
  if (p.expert > 1) command += fmt::format(" --ep {}", p.expert);
  if (p.sequence_parallel) command += " --sequence-parallel";
  if (p.virtual_stages > 1) command += fmt::format(" --virtual-stages {}", p.virtual_stages);
  command += fmt::format(" --micro-batch {} --global-batch {}", p.micro_batch, p.global_batch);
  if (p.zero > 0) command += fmt::format(" --zero {}", p.zero);
  if (p.recompute != Recomputation::None)
    command += fmt::format(" --recompute {}", recomputation_name(p.recompute));
  return command;
}

constexpr Shown programs = Shown::ToPrograms;

Table plan_table(const DivisionSpace& space, const DivisionSearch& search, const RankedDivisions& found) {
  Table table = Table::of("plans");
  table.main = true;
  table.column("rank").column("npus", "", space.npus.size() > 1 ? Shown::Everywhere : programs);
  table.column("division").column("step_time_s").column("tokens_per_s").column("mfu").column("memory_bytes");
  table.column("usd_per_million_tokens", "",
               search.objective == PlanObjective::StepTime ? programs : Shown::Everywhere);
  for (const char* key : {"tensor", "context", "pipeline", "expert", "data", "virtual_stages", "micro_batch",
                          "zero", "recompute", "sequence_parallel", "fits"}) {
    table.column(key, "", programs);
  }
  TrainingJob job = space.job;
  for (const RankedDivision& each : found.best) {
    const Parallelism& p = each.parallelism;
    job.parallelism = p;
    const TrainingRate rate = training_rate(job, each.step_ns);
    const std::int64_t rank = 1 + (&each - found.best.data());
    table.rows.push_back({rank, p.npus(), division_words(p), each.step_ns * 1e-9, rate.tokens_per_s, rate.mfu,
                          each.memory_bytes,
                          rate.usd_per_million_tokens > 0.0 ? Value(rate.usd_per_million_tokens) : Value(),
                          p.tensor, p.context, p.pipeline, p.expert, p.data, p.virtual_stages, p.micro_batch,
                          p.zero, std::string(recomputation_name(p.recompute)), p.sequence_parallel, true});
  }
  return table;
}

Facts counts_of(const DivisionCounts& counts) {
  const auto valid = static_cast<double>(counts.valid);
  return Facts::of("counts", "of all combinations")
      .fact("combinations", counts.combinations)
      .fact("cannot_be_divided", counts.combinations - valid)
      .fact("do_not_fit", counts.valid - counts.fit)
      .fact("feasible", counts.fit)
      .fact("below_bound", counts.below);
}

std::string nearest_words(const DivisionSpace& space, const RankedDivisions& found) {
  if (found.smallest.empty())
    return "no combination of these choices divides the model, the batch and the NPUs";
  return fmt::format("the smallest bill is {} of {} ({})",
                     quantity(found.smallest[0].memory_bytes, Unit::Memory),
                     quantity(space.job.machine.npu.memory_bytes, Unit::Memory),
                     division_words(found.smallest[0].parallelism));
}

// What the asked division lacks to be the best.
std::string explanation(const DivisionSpace& space, const RankedDivisions& found,
                        const ExplainedDivision& explained) {
  if (explained.found.best.empty()) {
    return fmt::format("{}: does not fit; {}", explained.asked, nearest_words(space, explained.found));
  }
  const RankedDivision& theirs = explained.found.best[0];
  const double best = found.best.empty() ? theirs.step_ns : found.best[0].step_ns;
  return fmt::format("{}: at best {} ({}), {:.3f} times the best; it would have to be {} shorter",
                     explained.asked, quantity(theirs.step_ns * 1e-9, Unit::Seconds),
                     division_words(theirs.parallelism), theirs.step_ns / best,
                     quantity((theirs.step_ns - best) * 1e-9, Unit::Seconds));
}

std::string npus_words(const DivisionSpace& space) {
  return space.npus.size() == 1 ? fmt::to_string(space.npus[0])
                                : fmt::format("{} to {}", space.npus.front(), space.npus.back());
}

}  // namespace

Document plan_document(const PlanWords& words, const DivisionSpace& space, const DivisionSearch& search,
                       const RankedDivisions& found, const std::optional<ExplainedDivision>& explained) {
  Document answer{.title = fmt::format("{} on {} NPUs of {}, global batch {}", space.job.model.name,
                                       npus_words(space), space.job.machine.name,
                                       space.job.parallelism.global_batch)};
  answer.data("model", space.job.model.name).data("machine", space.job.machine.name);
  answer.data("minimized", std::string(plan_objective_name(search.objective)));
  if (found.best.empty()) {
    answer.verdict = {"nothing fits: " + nearest_words(space, found), Verdict::Mood::Bad};
  } else {
    const RankedDivision& best = found.best[0];
    answer.verdict = {fmt::format("{}: a step of {}; {}", division_words(best.parallelism),
                                  quantity(best.step_ns * 1e-9, Unit::Seconds),
                                  found.interrupted ? "interrupted: not all were tried"
                                                    : "proved: none of the others is better"),
                      found.interrupted ? Verdict::Mood::Plain : Verdict::Mood::Good};
    answer.data("bound_s", found.interrupted ? Value() : Value(best.step_ns * 1e-9));
    answer.data("gap", found.interrupted ? Value() : Value(0.0));
  }
  answer.add(plan_table(space, search, found));
  answer.add(counts_of(found.counts));
  for (const std::string& obstacle : found.obstacles) answer.notes.push_back(obstacle);
  if (explained) answer.notes.push_back(explanation(space, found, *explained));
  if (!found.best.empty()) {
    answer.add(
        List::of("next_commands", "look closer", {estimate_command(words, found.best[0].parallelism)}));
    std::get<List>(answer.parts.back()).commands = true;
  }
  return answer;
}

}  // namespace bandwright
