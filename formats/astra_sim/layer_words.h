#pragma once
#include <array>
#include <string_view>

#include "collective/collective.h"

namespace bandwright {

// What layer texts call collectives.
struct CollectiveWord {
  std::string_view word;
  CollectiveKind kind;
};
inline constexpr std::array collective_words = {
    CollectiveWord{"ALLREDUCE", CollectiveKind::AllReduce},
    CollectiveWord{"ALLGATHER", CollectiveKind::AllGather},
    CollectiveWord{"REDUCESCATTER", CollectiveKind::ReduceScatter},
    CollectiveWord{"ALLTOALL", CollectiveKind::AllToAll}};

}  // namespace bandwright
