#include "answers/memory_fit.h"

#include <fmt/format.h>

#include "report/unit.h"

namespace bandwright {
namespace {

constexpr double gib = 1073741824.0;

std::string gib_text(double bytes) { return significant(bytes / gib, 3); }

}  // namespace

Verdict fit_verdict(double needed_bytes, double capacity_bytes) {
  const bool fits = needed_bytes <= capacity_bytes;
  return {fmt::format("{}: {} of {} GiB", fits ? "fits" : "does NOT fit", gib_text(needed_bytes),
                      gib_text(capacity_bytes)),
          fits ? Verdict::Mood::Good : Verdict::Mood::Bad};
}

Verdict fit_verdict(const MemoryFit& fit) {
  Verdict verdict = fit_verdict(fit.memory.total(), fit.memory_capacity);
  if (fit.slow_memory > 0.0) verdict.text += fmt::format(", {} of them slow", gib_text(fit.slow_memory));
  if (fit.fits()) return verdict;
  verdict.text += fmt::format("; the largest part is {}; {}", fit.memory.largest().name,
                              fit.remedy.empty() ? "no setting tried here makes it fit"
                                                 : fmt::format("it would fit with {}", fit.remedy));
  return verdict;
}

void add_fit(Document& document, const MemoryFit& fit) {
  document.data("fits", fit.fits())
      .data("memory_bytes", fit.memory.total())
      .data("memory_capacity_bytes", fit.memory_capacity)
      .data("slow_memory_bytes", fit.slow_memory)
      .data("would_fit_with", fit.remedy.empty() ? Value() : Value(fit.remedy));
}

Table memory_table(const std::vector<MemoryBill::Line>& lines) {
  Table table = Table::of("memory");
  table.column("part", "memory per NPU").column("memory_bytes");
  double total = 0.0;
  for (const MemoryBill::Line& line : lines) {
    total += line.bytes;
    table.rows.push_back({line.name, line.bytes});
  }
  table.total = {"total", total};
  return table;
}

std::string division_text(const Parallelism& p) {
  return fmt::format("TP {} CP {} EP {} PP {} DP {}, ZeRO {}, {} micro-batches of {}", p.tensor, p.context,
                     p.expert, p.pipeline, p.data, p.zero, p.micro_batches(), p.micro_batch);
}

Facts division_facts(const Parallelism& p) {
  Facts facts = Facts::of("division");
  facts.data("tensor", p.tensor)
      .data("context", p.context)
      .data("expert", p.expert)
      .data("pipeline", p.pipeline);
  facts.data("data", p.data).data("zero", p.zero).data("virtual_stages", p.virtual_stages);
  facts.data("micro_batch", p.micro_batch).data("micro_batches", p.micro_batches());
  facts.data("global_batch", p.global_batch).data("recompute", recomputation_name(p.recompute));
  facts.data("sequence_parallel", p.sequence_parallel);
  return facts;
}

}  // namespace bandwright
