#include "training/division/remedy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

class Remedy {
 public:
  Remedy(const TransformerArchitecture& model, const Parallelism& given, double capacity)
      : model_(model), given_(given), capacity_(capacity) {}

  [[nodiscard]] bool valid(const Parallelism& p) const {
    try {
      validate(model_, p);
    } catch (const InputError&) {
      return false;
    }
    return true;
  }
  [[nodiscard]] bool fits(const Parallelism& p) const {
    return valid(p) && memory_bill(model_, p).total() <= capacity_;
  }

  // Everything that saves memory on the same NPUs, one after the other until it is enough.
  bool settings(Parallelism& p) const {
    using Change = void (*)(Parallelism&);
    if (model_.sparse() && divide_experts(p)) return true;
    constexpr std::array<Change, 6> changes = {
        [](Parallelism& q) { q.sequence_parallel = q.sequence_parallel || q.tensor > 1; },
        [](Parallelism& q) { q.zero = std::max(q.zero, q.data > 1 ? 1 : 0); },
        [](Parallelism& q) {
          const bool kept = q.recompute == Recomputation::None && q.attention == AttentionKernel::Unfused;
          if (kept) q.recompute = Recomputation::Selective;
        },
        [](Parallelism& q) { q.micro_batch = 1; },
        [](Parallelism& q) { q.recompute = Recomputation::Full; },
        [](Parallelism& q) { q.zero = q.pipeline == 1 && q.data > 1 ? 3 : q.zero; },
    };
    return std::any_of(changes.begin(), changes.end(), [&](Change change) {
      change(p);
      return fits(p);
    });
  }

  // The least EP that is enough, else all there is room for: it takes no time that a smaller micro-batch or
  // recomputation would not take.
  bool divide_experts(Parallelism& p) const {
    const std::int64_t given = p.expert;
    for (std::int64_t npus = given + 1; npus <= model_.experts.count; ++npus) {
      Parallelism more = p;
      more.expert = npus;
      if (model_.experts.count % npus != 0 || !valid(more)) continue;
      p = more;
      if (fits(p)) return true;
    }
    return false;
  }

  // The fewest NPUs, a power of two times the present ones, and the least TP and PP on them.
  bool more_npus(Parallelism& p) const {
    const Parallelism base = p;
    const std::int64_t npus = base.npus();
    for (std::int64_t grown = npus; grown <= 64 * npus; grown *= 2) {
      for (std::int64_t tp = base.tensor; tp <= 8 * base.tensor; tp *= 2) {
        for (std::int64_t pp = base.pipeline; pp <= model_.layers + 2 && pp <= 64 * base.pipeline; pp *= 2) {
          if (grown % (tp * pp * base.context) != 0) continue;
          p = base;
          p.tensor = tp;
          p.pipeline = pp;
          p.data = grown / (tp * pp * p.context);
          p.sequence_parallel = p.sequence_parallel || tp > 1;
          if (pp > 1) p.zero = std::min(p.zero, 1);
          const std::int64_t unit = p.data * p.micro_batch * (p.virtual_stages > 1 ? pp : 1);
          p.global_batch = (p.global_batch + unit - 1) / unit * unit;
          if (fits(p)) return true;
        }
      }
    }
    return false;
  }

  // Takes back what costs time and turns out not to be needed.
  void relax(Parallelism& p) const {
    const auto attempt = [&](auto change) {
      Parallelism less = p;
      change(less);
      if (fits(less)) p = less;
    };
    attempt([&](Parallelism& q) { q.recompute = given_.recompute; });
    attempt([&](Parallelism& q) { q.micro_batch = given_.micro_batch; });
    attempt([&](Parallelism& q) { q.zero = std::min(q.zero, std::max(given_.zero, 1)); });
    attempt([&](Parallelism& q) { q.zero = given_.zero; });
    attempt([&](Parallelism& q) { q.expert = given_.expert; });
  }

  // As typed: what differs from the given job.
  [[nodiscard]] std::string words(const Parallelism& p) const {
    std::vector<std::string> all;
    const auto number = [&](std::string_view option, std::int64_t now, std::int64_t then) {
      if (now != then) all.push_back(fmt::format("{} {}", option, now));
    };
    if (p.sequence_parallel != given_.sequence_parallel) all.emplace_back("--sequence-parallel");
    number("--zero", p.zero, given_.zero);
    if (p.recompute != given_.recompute) {
      all.push_back(fmt::format("--recompute {}", recomputation_name(p.recompute)));
    }
    number("--micro-batch", p.micro_batch, given_.micro_batch);
    number("--ep", p.expert, given_.expert);
    number("--tp", p.tensor, given_.tensor);
    number("--pp", p.pipeline, given_.pipeline);
    number("--npus", p.npus(), given_.npus());
    number("--global-batch", p.global_batch, given_.global_batch);
    return fmt::format("{}", fmt::join(all, " "));
  }

 private:
  const TransformerArchitecture& model_;
  const Parallelism& given_;
  double capacity_;
};

}  // namespace

std::string remedy(const TransformerArchitecture& model, const Parallelism& parallelism, double capacity) {
  const Remedy remedy(model, parallelism, capacity);
  Parallelism p = parallelism;
  if (remedy.fits(p) || !(remedy.settings(p) || remedy.more_npus(p))) return {};
  remedy.relax(p);
  return remedy.words(p);
}

}  // namespace bandwright
