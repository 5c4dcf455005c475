// Layers over pipelines that they do not fill evenly (training/parallelism.h, Dealing).
#include "training/division/dealing.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "training/division/notes.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

Parallelism pipeline(std::int64_t stages, std::int64_t chunks) {
  Parallelism p{.pipeline = stages, .virtual_stages = chunks, .global_batch = 4 * stages};
  if (chunks > 1) p.schedule = PipelineSchedule::Interleaved;
  return p;
}

TransformerArchitecture layers(std::int64_t count) {
  TransformerArchitecture model = load_architecture("llama2-7b");
  model.layers = count;
  return model;
}

// What a person would deal out.
TEST(Dealing, FollowsTheSlowestStage) {
  struct Expected {
    std::int64_t layers, stages, chunks;
    Dealing dealt;
  };
  const std::vector<Expected> all = {
      {96, 8, 3, {12, 12, 4, 4, 28, true}},   // 4 layers in each of 24 chunks
      {126, 8, 8, {16, 15, 2, 1, 14, true}},  // 128 = 126 and the ends
      {126, 16, 8, {8, 7, 1, 0, 15, true}},   // Llama 3.1 405B: the output layer alone
      {61, 16, 1, {4, 1, 4, 1, 60, false}},   // DeepSeek-V3: 15 stages of 4, the last what is left
      {61, 9, 1, {7, 6, 7, 6, 56, true}},     // 63 = 61 and the ends
      {33, 4, 8, {9, 7, 2, 0, 4, false}},     // one chunk of two layers, the others of one
      {6, 8, 1, {1, 0, 1, 0, 7, true}},       // the ends alone
      {32, 1, 1, {32, 32, 32, 32, 0, true}},
  };
  for (const Expected& each : all) {
    const Dealing dealt = dealing(layers(each.layers), pipeline(each.stages, each.chunks));
    const std::string name = std::to_string(each.layers) + " over " + std::to_string(each.stages);
    EXPECT_EQ(dealt.stage, each.dealt.stage) << name;
    EXPECT_EQ(dealt.last_stage, each.dealt.last_stage) << name;
    EXPECT_EQ(dealt.chunk, each.dealt.chunk) << name;
    EXPECT_EQ(dealt.last_chunk, each.dealt.last_chunk) << name;
    EXPECT_EQ(dealt.fill, each.dealt.fill) << name;
    EXPECT_EQ(dealt.even, each.dealt.even) << name;
  }
}

// No stage has more than its share rounded up, all together have room for all layers, and no chunk is empty
// but at the ends: for every number of layers, stages and chunks up to the limit.
TEST(Dealing, HoldsAllLayersAndNoMore) {
  for (std::int64_t l = 1; l <= 40; ++l) {
    const TransformerArchitecture model = layers(l);
    for (std::int64_t p = 1; p <= l + 2; ++p) {
      for (std::int64_t v = 1; v == 1 || (p > 1 && p * v <= l + 2); ++v) {
        const Dealing dealt = dealing(model, pipeline(p, v));
        EXPECT_GE((p - 1) * dealt.stage + dealt.last_stage, l);
        EXPECT_LT((dealt.stage - 1) * p, l);
        EXPECT_LE(dealt.stage, v * dealt.chunk);
        EXPECT_GT(dealt.stage, v * (dealt.chunk - 1));
        EXPECT_LE(dealt.last_chunk + (v - 1) * (dealt.chunk - 1), dealt.last_stage);
        EXPECT_GE(dealt.last_chunk + (v - 1) * dealt.chunk, dealt.last_stage);
        EXPECT_GE(dealt.fill, (p - 1) * (dealt.chunk - 1) + (p > 1 ? 1 : 0));
        EXPECT_LE(dealt.fill, (p - 1) * dealt.chunk);
        EXPECT_GE(dealt.last_chunk, 0);
        EXPECT_NO_THROW(validate_shape(model, pipeline(p, v)));
      }
    }
  }
}

// More layers never take less time nor memory, whether they divide by the stages or not; but where l + 2 are
// dealt evenly, the ends are taken to weigh a layer each, whatever they weigh.
TEST(Dealing, MoreLayersNeverTakeLess) {
  for (const auto& [stages, chunks] : {std::pair(4, 1), std::pair(4, 2), std::pair(8, 3)}) {
    double ns = 0.0;
    double bytes = 0.0;
    for (std::int64_t l = stages * chunks; l <= 3 * stages * chunks; ++l) {
      const TrainingEstimate found =
          estimate({layers(l), load_machine("dgx-a100"), pipeline(stages, chunks)});
      const bool ends = (l + 2) % (stages * chunks) == 0;
      if (!ends) {
        EXPECT_GE(found.step_ns, ns * (1.0 - 1e-9)) << l << " over " << stages << " x " << chunks;
        ns = found.step_ns;
      }
      EXPECT_GE(found.memory.total(), bytes) << l;
      bytes = found.memory.total();
    }
  }
}

TEST(Dealing, IsSaidWhereItIsUneven) {
  const auto said = [&](std::int64_t count, Parallelism p) {
    return notes({layers(count), load_machine("dgx-a100"), std::move(p)});
  };
  EXPECT_TRUE(said(32, pipeline(4, 2)).empty());
  EXPECT_TRUE(said(30, pipeline(4, 2)).empty());
  ASSERT_EQ(said(31, pipeline(4, 2)).size(), 1);
  EXPECT_EQ(
      said(31, pipeline(4, 2)).front(),
      "stages are uneven: the slowest has 8 of the 31 layers, at most 4 per virtual stage, and decides");
}

TEST(Dealing, RefusesMoreChunksThanLayersAndEnds) {
  const auto problem = [](const Parallelism& p) -> std::string {
    try {
      validate_shape(layers(126), p);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(problem(pipeline(16, 8)), "");
  EXPECT_EQ(
      problem(pipeline(16, 9)),
      "16 pipeline stages x 9 virtual stages for the 126 layers, embedding and output layer of Llama 2 7B "
      "(at most 128 in all: --pp 14, or --virtual-stages 8)");
  EXPECT_EQ(problem(pipeline(129, 1)),
            "pipeline 129 above the 126 layers, embedding and output layer of Llama 2 7B (at most 128)");
}

}  // namespace
}  // namespace bandwright
