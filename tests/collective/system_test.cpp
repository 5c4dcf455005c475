#include "collective/system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collective/algorithm.h"
#include "core/error.h"
#include "core/fields.h"

namespace bandwright {
namespace {

System parsed(std::string_view text) {
  return read_system(YamlValue::parse(std::string(text), "library.yaml"));
}

std::string refusal(std::string_view text) {
  try {
    parsed(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "read";
}

// A library that says nothing is the ideal one: bandwidth alone takes time.
TEST(System, WhatIsLeftOutIsIdeal) {
  const System system = parsed("name: ideal");
  EXPECT_EQ(system_fields().content(system), system_fields().content(System{}));
  EXPECT_EQ(system.latency_of(5), Time());
  EXPECT_FALSE(system.reduction_bandwidth.has_value());
  EXPECT_TRUE(system.symmetric());
  EXPECT_EQ(system.bytes_per_second_unit(), 1e9);
  EXPECT_EQ(parsed("bandwidth_unit: GiB/s").bytes_per_second_unit(), 1024.0 * 1024.0 * 1024.0);
}

TEST(System, LatencyIsOfAllDimensionsOrOfEach) {
  EXPECT_EQ(parsed("latency: 3 ns").latency_of(7), nanoseconds(3));
  const System each = parsed("latency: [3 ns, 4 us]");
  EXPECT_EQ(each.latency_of(0), nanoseconds(3));
  EXPECT_EQ(each.latency_of(1), nanoseconds(4000));
  EXPECT_THROW((void)each.latency_of(2), InputError);
}

// `last` left out is `first`; the first NPU of all can be one.
TEST(System, RangesOfNpus) {
  const System system = parsed("npus: [{first: 0, compute_time: 2}, {first: 3, last: 9, port_speed: 0.5}]");
  ASSERT_EQ(system.npus.size(), 2U);
  EXPECT_EQ(system.npus[0].last, 0);
  EXPECT_EQ(system.npus[0].port_speed, 1.0);
  EXPECT_EQ(system.npus[1].last, 9);
  EXPECT_FALSE(system.symmetric());
  EXPECT_EQ(parsed("npus: [{first: 4}]").npus[0].last, 4);
  EXPECT_EQ(parsed("npus: [{first: 4, last: 4}]").npus[0].last, 4);
  EXPECT_THAT(refusal("name: x\nnpus: [{first: 4, last: 0}]"),
              testing::AllOf(testing::StartsWith("library.yaml:2: "), testing::HasSubstr("below first, 4")));
}

TEST(System, LinksThatDifferNeedLinks) {
  const std::string failed = "links: [{from: 1, to: 2, speed: 0}]";
  EXPECT_THAT(refusal(failed), testing::HasSubstr("network_model: links"));
  const System system = parsed(failed + "\nnetwork_model: links");
  EXPECT_EQ(system.links[0].speed, 0.0);
  EXPECT_FALSE(system.symmetric());
  EXPECT_EQ(parsed("network_model: links").network, NetworkModel::Links);
}

// What a file may say, and the message where it may not.
TEST(System, RefusesWhatIsOutOfRange) {
  EXPECT_EQ(parsed("chunks: 65536").chunks, max_chunks);
  for (const char* text :
       {"chunks: 0", "chunks: 65537", "compute_scale: 0", "npus: [{first: -1}]",
        "npus: [{first: 0, port_speed: 0}]", "network_model: links\nlinks: [{from: 0, to: 1, speed: -1}]",
        "reduction_bandwidth: 0 GB/s", "latency: -1 ns", "scheduler: fifo", "chunk_order: lifo",
        "composition: flat", "truncate: 2", "rounds: 3"}) {
    EXPECT_THAT(refusal(text), testing::StartsWith("library.yaml:")) << text;
  }
}

// By kind for all its dimensions; by dimension for one, all phases or the named ones.
TEST(System, NamesAlgorithmsByKindOrByDimension) {
  const DimensionKind& ring = dimension_kind("Ring");
  const DimensionKind& crossbar = dimension_kind("Switch");
  const System by_kind = parsed("algorithms: {switch: Direct}");
  EXPECT_EQ(named_algorithm(by_kind, 3, crossbar, CollectiveKind::Reduce), &collective_algorithm("direct"));
  EXPECT_EQ(named_algorithm(by_kind, 3, ring, CollectiveKind::Reduce), nullptr);
  EXPECT_EQ(named_algorithm({}, 3, ring, CollectiveKind::Reduce), nullptr);

  const System by_dimension = parsed("algorithms: [ring, {all-reduce: direct, all-gather: bruck}]");
  for (const CollectiveKindInfo& phase : collective_kinds()) {
    EXPECT_EQ(named_algorithm(by_dimension, 0, crossbar, phase.kind), &collective_algorithm("ring"));
    const CollectiveAlgorithm* expected = nullptr;
    if (phase.kind == CollectiveKind::AllReduce) expected = &collective_algorithm("direct");
    if (phase.kind == CollectiveKind::AllGather) expected = &collective_algorithm("bruck");
    EXPECT_EQ(named_algorithm(by_dimension, 1, ring, phase.kind), expected) << phase.name;
  }
  EXPECT_THROW(named_algorithm(by_dimension, 2, ring, CollectiveKind::AllReduce), InputError);

  System both = by_dimension;
  both.algorithms.by_kind["Ring"] = "ring-both";
  EXPECT_EQ(named_algorithm(both, 1, ring, CollectiveKind::AllReduce), &collective_algorithm("direct"));
  EXPECT_EQ(named_algorithm(both, 1, ring, CollectiveKind::Reduce), &collective_algorithm("ring-both"));
}

TEST(System, RefusesAlgorithmsThatAreNone) {
  EXPECT_THAT(refusal("algorithms: {Ring: rings}"), testing::HasSubstr("choices: ring, ring-both"));
  EXPECT_THAT(refusal("name: x\nalgorithms: {Rings: ring}"),
              testing::AllOf(testing::StartsWith("library.yaml:2: "), testing::HasSubstr("did you mean")));
  EXPECT_THAT(refusal("algorithms: [{allreduce: ring}]"), testing::HasSubstr("all-reduce"));
  EXPECT_THAT(refusal("algorithms: 3"), testing::StartsWith("library.yaml:1: algorithms"));
}

// What is written is read again, and one that differs in anything is another.
TEST(System, IsWrittenAsItIsRead) {
  for (const char* text :
       {"algorithms: {Ring: direct, Switch: ring}", "algorithms: [ring, {all-reduce: direct}]",
        "latency: [1 ns, 2 us]\nchunks: 3\ntruncate: true", "npus: [{first: 3, last: 5, compute_time: 1.5}]",
        "network_model: links\nlinks: [{from: 7, to: 3, speed: 0.25}]",
        "tables: fused\nbandwidth_unit: GiB/s"}) {
    const System system = parsed(text);
    const std::string content = system_fields().content(system);
    EXPECT_NE(content, system_fields().content({})) << text;
    EXPECT_EQ(system_fields().content(parsed(system_fields().file_text(system))), content) << text;
  }
}

// Names are of shipped libraries or files.
TEST(System, IsLoadedByName) {
  EXPECT_EQ(system_fields().content(load_system("ideal")).substr(0, 14), system_fields()
                                                                             .content([] {
                                                                               System s;
                                                                               s.name = "ideal";
                                                                               return s;
                                                                             }())
                                                                             .substr(0, 14));
  EXPECT_TRUE(load_system("astra1").truncate);
  EXPECT_THROW(load_system("astra3"), InputError);
}

}  // namespace
}  // namespace bandwright
