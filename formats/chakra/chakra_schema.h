#pragma once
#include <array>
#include <optional>
#include <string_view>

#include "collective/collective.h"

namespace bandwright {

// What reader and writer of Chakra traces share of the schema, as published by MLCommons.
inline constexpr const char* schema_version = "0.0.4";        // written, and read
inline constexpr const char* later_schema_version = "1.0.0";  // read: the same nodes and three kinds more

// CollectiveCommType of the schema; the places of kinds that nothing here plays are empty.
inline constexpr std::array<std::optional<CollectiveKind>, 10> schema_collectives = {
    CollectiveKind::AllReduce,
    CollectiveKind::Reduce,
    CollectiveKind::AllGather,
    std::nullopt,
    std::nullopt,
    CollectiveKind::Broadcast,
    CollectiveKind::AllToAll,
    CollectiveKind::ReduceScatter,
    std::nullopt,
    std::nullopt};
inline constexpr std::array<std::string_view, 10> schema_names = {
    "ALL_REDUCE", "REDUCE",         "ALL_GATHER",           "GATHER", "SCATTER", "BROADCAST",
    "ALL_TO_ALL", "REDUCE_SCATTER", "REDUCE_SCATTER_BLOCK", "BARRIER"};

// An attribute of our own, which other tools ignore: the schema's field holds whole microseconds only.
inline constexpr const char* exact_duration = "duration_picoseconds";

}  // namespace bandwright
