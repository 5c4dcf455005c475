#include "collective/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collective/algorithm.h"
#include "core/error.h"
#include "core/fields.h"

namespace bandwright {
namespace {

Library parsed(std::string_view text) {
  return read_library(YamlValue::parse(std::string(text), "library.yaml"));
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
TEST(Library, WhatIsLeftOutIsIdeal) {
  const Library library = parsed("name: ideal");
  EXPECT_EQ(library_fields().content(library), library_fields().content(Library{}));
  EXPECT_EQ(library.latency_of(5), Time());
  EXPECT_FALSE(library.reduction_bandwidth.has_value());
  EXPECT_TRUE(library.symmetric());
  EXPECT_EQ(library.bytes_per_second_unit(), 1e9);
  EXPECT_EQ(parsed("bandwidth_unit: GiB/s").bytes_per_second_unit(), 1024.0 * 1024.0 * 1024.0);
}

TEST(Library, LatencyIsOfAllDimensionsOrOfEach) {
  EXPECT_EQ(parsed("latency: 3 ns").latency_of(7), nanoseconds(3));
  const Library each = parsed("latency: [3 ns, 4 us]");
  EXPECT_EQ(each.latency_of(0), nanoseconds(3));
  EXPECT_EQ(each.latency_of(1), nanoseconds(4000));
  EXPECT_THROW((void)each.latency_of(2), InputError);
}

// `last` left out is `first`; the first NPU of all can be one.
TEST(Library, RangesOfNpus) {
  const Library library = parsed("npus: [{first: 0, compute_time: 2}, {first: 3, last: 9, port_speed: 0.5}]");
  ASSERT_EQ(library.npus.size(), 2U);
  EXPECT_EQ(library.npus[0].last, 0);
  EXPECT_EQ(library.npus[0].port_speed, 1.0);
  EXPECT_EQ(library.npus[1].last, 9);
  EXPECT_FALSE(library.symmetric());
  EXPECT_EQ(parsed("npus: [{first: 4}]").npus[0].last, 4);
  EXPECT_EQ(parsed("npus: [{first: 4, last: 4}]").npus[0].last, 4);
  EXPECT_THAT(refusal("name: x\nnpus: [{first: 4, last: 0}]"),
              testing::AllOf(testing::StartsWith("library.yaml:2: "), testing::HasSubstr("below first, 4")));
}

// What plays the messages may be chosen elsewhere: the file alone is no fault.
TEST(Library, LinksMayDifferWhateverMessagesShare) {
  const std::string failed = "links: [{from: 1, to: 2, speed: 0}]";
  EXPECT_EQ(parsed(failed).network, NetworkModel::Ports);
  const Library library = parsed(failed + "\nnetwork_model: flows");
  EXPECT_EQ(library.links[0].speed, 0.0);
  EXPECT_FALSE(library.symmetric());
  // Two words for the same, in identities too.
  const Library flows = parsed("network_model: flows");
  const Library links = parsed("network_model: links");
  EXPECT_EQ(links.network, NetworkModel::Flows);
  EXPECT_EQ(library_fields().content(links), library_fields().content(flows));
}

// What a file may say, and the message where it may not.
TEST(Library, RefusesWhatIsOutOfRange) {
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
TEST(Library, NamesAlgorithmsByKindOrByDimension) {
  const DimensionKind& ring = dimension_kind("Ring");
  const DimensionKind& crossbar = dimension_kind("Switch");
  const Library by_kind = parsed("algorithms: {switch: Direct}");
  EXPECT_EQ(named_algorithm(by_kind, 3, crossbar, CollectiveKind::Reduce), &collective_algorithm("direct"));
  EXPECT_EQ(named_algorithm(by_kind, 3, ring, CollectiveKind::Reduce), nullptr);
  EXPECT_EQ(named_algorithm({}, 3, ring, CollectiveKind::Reduce), nullptr);

  const Library by_dimension = parsed("algorithms: [ring, {all-reduce: direct, all-gather: bruck}]");
  for (const CollectiveKindInfo& phase : collective_kinds()) {
    EXPECT_EQ(named_algorithm(by_dimension, 0, crossbar, phase.kind), &collective_algorithm("ring"));
    const CollectiveAlgorithm* expected = nullptr;
    if (phase.kind == CollectiveKind::AllReduce) expected = &collective_algorithm("direct");
    if (phase.kind == CollectiveKind::AllGather) expected = &collective_algorithm("bruck");
    EXPECT_EQ(named_algorithm(by_dimension, 1, ring, phase.kind), expected) << phase.name;
  }
  EXPECT_THROW(named_algorithm(by_dimension, 2, ring, CollectiveKind::AllReduce), InputError);

  Library both = by_dimension;
  both.algorithms.by_kind["Ring"] = "ring-both";
  EXPECT_EQ(named_algorithm(both, 1, ring, CollectiveKind::AllReduce), &collective_algorithm("direct"));
  EXPECT_EQ(named_algorithm(both, 1, ring, CollectiveKind::Reduce), &collective_algorithm("ring-both"));
}

TEST(Library, RefusesAlgorithmsThatAreNone) {
  EXPECT_THAT(refusal("algorithms: {Ring: rings}"), testing::HasSubstr("choices: ring, ring-both"));
  EXPECT_THAT(refusal("name: x\nalgorithms: {Rings: ring}"),
              testing::AllOf(testing::StartsWith("library.yaml:2: "), testing::HasSubstr("did you mean")));
  EXPECT_THAT(refusal("algorithms: [{allreduce: ring}]"), testing::HasSubstr("all-reduce"));
  EXPECT_THAT(refusal("algorithms: 3"), testing::StartsWith("library.yaml:1: algorithms"));
}

// What is written is read again, and one that differs in anything is another.
TEST(Library, IsWrittenAsItIsRead) {
  for (const char* text :
       {"algorithms: {Ring: direct, Switch: ring}", "algorithms: [ring, {all-reduce: direct}]",
        "latency: [1 ns, 2 us]\nchunks: 3\ntruncate: true", "npus: [{first: 3, last: 5, compute_time: 1.5}]",
        "network_model: links\nlinks: [{from: 7, to: 3, speed: 0.25}]",
        "tables: fused\nbandwidth_unit: GiB/s"}) {
    const Library library = parsed(text);
    const std::string content = library_fields().content(library);
    EXPECT_NE(content, library_fields().content({})) << text;
    EXPECT_EQ(library_fields().content(parsed(library_fields().file_text(library))), content) << text;
  }
}

// Names are of shipped libraries or files.
TEST(Library, IsLoadedByName) {
  EXPECT_EQ(library_fields().content(load_library("ideal")).substr(0, 14), library_fields()
                                                                               .content([] {
                                                                                 Library s;
                                                                                 s.name = "ideal";
                                                                                 return s;
                                                                               }())
                                                                               .substr(0, 14));
  EXPECT_TRUE(load_library("astra1").truncate);
  EXPECT_THROW(load_library("astra3"), InputError);
}

}  // namespace
}  // namespace bandwright
