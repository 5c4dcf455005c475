#include "training/division/dealing.h"

#include <algorithm>

namespace bandwright {

Dealing dealing(const TransformerArchitecture& model, const Parallelism& p) {
  const auto over = [](std::int64_t layers, std::int64_t parts) { return (layers + parts - 1) / parts; };
  const std::int64_t chunks = p.pipeline * p.virtual_stages;
  const bool whole = model.layers % chunks == 0;
  Dealing dealt{.stage = over(model.layers, p.pipeline), .chunk = over(model.layers, chunks)};
  const std::int64_t units = model.layers + (whole ? 0 : 2);  // the ends count where they fill a place
  dealt.even = whole || (p.pipeline > 1 && units % chunks == 0);
  const std::int64_t others = p.virtual_stages - 1;
  dealt.last_stage =
      dealt.even ? dealt.stage - (p.pipeline * dealt.stage > model.layers ? 1 : 0)
                 : std::max(model.layers - (p.pipeline - 1) * dealt.stage, others * (dealt.chunk - 1));
  dealt.last_chunk = std::max<std::int64_t>(0, dealt.last_stage - others * dealt.chunk);
  dealt.fill = std::min((p.pipeline - 1) * dealt.chunk, over((p.pipeline - 1) * units, chunks));
  return dealt;
}

}  // namespace bandwright
