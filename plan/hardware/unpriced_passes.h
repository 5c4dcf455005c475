#pragma once
#include <cmath>

#include "training/division/parallel_groups.h"
#include "training/layers/layer_passes.h"

namespace bandwright {

// Writes passes whose collectives are called and not priced: hardware is still to be bought.
class UnpricedPasses final : public LayerPasses {
 public:
  UnpricedPasses(const LayerPasses& passes, StreamBuilder& builder)
      : LayerPasses(passes, builder), builder_(builder) {}

  void call(Axes axis, CollectiveKind kind, double bytes, Label label, StreamSet waits,
            StreamSet sets) override {
    const GroupCollective wanted{{kind, Bytes(std::llround(bytes))}, static_cast<std::uint32_t>(axis)};
    if (builder_.group(wanted.group).dimensions.empty() || wanted.collective.bytes <= Bytes(0)) return;
    builder_.call(label, builder_.enter(wanted), Time(0), waits, sets);
  }

 private:
  StreamBuilder& builder_;
};

}  // namespace bandwright
