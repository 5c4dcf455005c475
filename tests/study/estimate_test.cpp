// Estimates of any kind of workload: what their numbers say of each other.
#include "study/estimate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/job/job_options.h"
#include "study/recipe/settings.h"
#include "study/scaling/curve.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

const UndividedEstimate& undivided(const EstimateAnswer& answer) {
  return std::get<UndividedEstimate>(answer);
}

Job images_on(const char* npus) { return {.model = "resnet-50", .machine = "dgx-a100", .npus = npus}; }

std::vector<Job> jobs_of_every_kind() {
  return {{.model = "llama3-8b", .machine = "dgx-h100", .npus = "16", .tp = "4"},
          {.model = "mixtral-8x7b", .machine = "dgx-h100", .npus = "32", .tp = "2", .pp = "2", .ep = "4"},
          images_on("32"),
          {.model = "17B", .machine = "dgx-a100", .npus = "64"}};
}

TEST(Estimates, BreakdownsAddUpAndTimelinesEndWithTheStep) {
  for (const Job& job : jobs_of_every_kind()) {
    const EstimateAnswer answer = estimate(job);
    const EstimateFacts facts = facts_of(answer);
    const auto& breakdown = std::visit(
        [](const auto& each) -> const std::vector<BreakdownLine>& { return each.result.breakdown; }, answer);
    double sum = 0.0;
    double exposed = 0.0;
    for (const BreakdownLine& line : breakdown) {
      sum += line.exposed_ns;
      if (line.communication) exposed += line.exposed_ns;
    }
    EXPECT_NEAR(sum, facts.step_ns, 1e-6 * facts.step_ns) << job.model;
    EXPECT_NEAR(exposed, facts.exposed_ns, 1e-9 * facts.step_ns) << job.model;
    Time end;
    for (const Timeline::Span& span : timeline_of(job, answer).timeline.operations)
      end = std::max(end, span.end);
    EXPECT_NEAR(to_ns(end), facts.step_ns, 1e-6 * facts.step_ns) << job.model;
  }
}

// At half of every bandwidth compute is the same, and all that communicates takes at least as long.
TEST(Estimates, LessBandwidthIsNeverFaster) {
  for (Job job : jobs_of_every_kind()) {
    double before = 0.0;
    for (const char* bandwidth : {"4000,1000", "400,100", "40,10", "4,1"}) {
      job.bandwidth = bandwidth;
      const EstimateFacts facts = facts_of(estimate(job));
      EXPECT_GE(facts.step_ns, before) << job.model << ' ' << bandwidth;
      before = facts.step_ns;
    }
  }
}

// Twice the NPUs with as many images each: the same memory, twice the images, a step that is no shorter.
TEST(Estimates, ImagesAreDataParallel) {
  const EstimateAnswer few = estimate(images_on("16"));
  const EstimateAnswer many = estimate(images_on("32"));
  const UndividedEstimate& a = undivided(few);
  const UndividedEstimate& b = undivided(many);
  EXPECT_EQ(a.step.item, "images");
  EXPECT_EQ(b.step.items, 2 * a.step.items);
  EXPECT_EQ(facts_of(few).memory_bytes, facts_of(many).memory_bytes);
  EXPECT_GE(b.result.step_ns, a.result.step_ns);
  for (const UndividedEstimate* each : {&a, &b}) {
    const double step_s = each->result.step_ns * 1e-9;
    EXPECT_DOUBLE_EQ(each->items_per_s, static_cast<double>(each->step.items) / step_s);
    const auto npus = static_cast<double>(each->step.network.npus());
    ASSERT_TRUE(each->tflop_per_s_per_npu && each->mfu);
    EXPECT_NEAR(*each->tflop_per_s_per_npu, each->step.flop / step_s / npus * 1e-12,
                1e-9 * *each->tflop_per_s_per_npu);
    // An A100 has 312 TFLOP/s in bf16.
    EXPECT_NEAR(*each->mfu, *each->tflop_per_s_per_npu / 312.0, 1e-9);
    EXPECT_LE(*each->mfu, 1.0);
    const double usd_per_s = each->step.machine.npu.usd_per_hour * npus / 3600.0;
    EXPECT_NEAR(each->usd_per_million_items, usd_per_s / each->items_per_s * 1e6,
                1e-9 * each->usd_per_million_items);
  }
}

TEST(Estimates, AGlobalBatchIsDividedOrRefusedWithItsNeighbours) {
  Job job = images_on("24");
  job.global_batch = "240";
  EXPECT_EQ(undivided(estimate(job)).step.items, 240);
  EXPECT_EQ(undivided(estimate(job)).step.division, "DP 24, 10 images on each NPU");
  const auto said = [&](const char* batch) {
    job.global_batch = batch;
    return refused([&] { return estimate(job); });
  };
  EXPECT_EQ(said("100"), "a global batch of 100 does not divide by 24 NPUs (nearest that do: 96, 120)");
  EXPECT_EQ(said("5"), "a global batch of 5 does not divide by 24 NPUs (nearest that do: 24)");
}

// A table's replicas are as many NPUs as its TP; it says nothing of memory.
TEST(Estimates, TablesHaveReplicasAndNoMemory) {
  const EstimateAnswer answer = estimate({.model = "175B", .machine = "dgx-a100", .npus = "256"});
  const UndividedEstimate& table = undivided(answer);
  EXPECT_EQ(table.step.items * table.step.tensor, 256);
  EXPECT_FALSE(table.fits());
  EXPECT_FALSE(table.mfu);
  EXPECT_TRUE(facts_of(answer).fits);
  EXPECT_EQ(facts_of(answer).memory_bytes, 0.0);
}

// Where one NPU alone was measured that is its speed, else the layers' roofline; either says so.
TEST(Estimates, ImagesAreCalibratedOnOneNpu) {
  const Job edison{.model = "cosmogan", .machine = "edison", .npus = "1"};
  const EstimateAnswer answer = estimate(edison);
  EXPECT_NEAR(undivided(answer).items_per_s, 0.819, 1e-3);  // images/s of one node, in the machine's file
  EXPECT_THAT(undivided(answer).step.notes,
              testing::Contains(HasSubstr("calibrated on one NPU alone: 0.819")));
  EXPECT_THAT(undivided(answer).step.notes, testing::Contains(HasSubstr("no MFU")));
  EXPECT_FALSE(undivided(answer).mfu);
  EXPECT_THAT(undivided(estimate(images_on("8"))).step.notes,
              testing::Contains(HasSubstr("compute is the roofline of the layers in bf16")));
  // Neither is faster than the roofline's peak.
  std::vector<std::string> notes;
  const Workload images = load_workload("resnet-50");
  const Machine machine = load_machine("dgx-a100");
  EXPECT_LE(image_speed(std::get<ImageModel>(images), machine, Precision::Bf16, notes), 312e12);
  EXPECT_EQ(notes.size(), 1U);
}

TEST(Estimates, FactsOfATransformerAreItsEstimates) {
  const EstimateAnswer answer = estimate(jobs_of_every_kind()[0]);
  const auto& transformer = std::get<TransformerEstimate>(answer);
  const EstimateFacts facts = facts_of(answer);
  EXPECT_EQ(facts.step_ns, transformer.result.step_ns);
  EXPECT_EQ(facts.memory_bytes, transformer.result.memory.total());
  EXPECT_EQ(facts.memory_capacity, load_machine("dgx-h100").npu.memory_bytes);
  EXPECT_TRUE(facts.fits);
  EXPECT_EQ(facts.remedy, "");
  EXPECT_LT(transformer.interval.low_ns, transformer.interval.high_ns);
  Job large = jobs_of_every_kind()[0];
  large.model = "llama3-70b";
  const EstimateFacts none = facts_of(estimate(large));
  EXPECT_FALSE(none.fits);
  EXPECT_GT(none.memory_bytes, none.memory_capacity);
}

// The remedy that is named does what it says, and is needed.
TEST(Estimates, RemediesMakeItFit) {
  for (Job job :
       {Job{.model = "llama2-13b", .machine = "dgx-a100", .npus = "64", .tp = "2", .global_batch = "64"},
        Job{.model = "llama3-8b", .machine = "dgx-h100", .npus = "8", .global_batch = "8"},
        Job{.model = "llama3-70b",
        .machine = "dgx-h100",
        .npus = "64",
        .tp = "4",
        .pp = "4",
        .micro_batch = "2",
        .global_batch = "128"}}) {
    const EstimateFacts before = facts_of(estimate(job));
    ASSERT_FALSE(before.fits) << job.model;
    ASSERT_NE(before.remedy, "") << job.model;
    Settings remedy = read_command_line(before.remedy, "remedy");
    for (const JobOption& option : job_options()) {
      const std::string name = typed_name(option).substr(2);
      if (remedy.has(name)) job.*option.word = option.type.empty() ? "true" : *remedy.text(name);
    }
    EXPECT_TRUE(facts_of(estimate(job)).fits) << job.model << ' ' << before.remedy;
    EXPECT_EQ(facts_of(estimate(job)).remedy, "");
  }
}

CurveQuestion images_curve(std::vector<int> workers) {
  return {.job = {.model = "resnet-50", .machine = "dgx-a100"}, .workers = std::move(workers)};
}

// One worker's own rate is efficiency 1; each more adds at most that, and no more are asked for than needed.
TEST(Curves, MoreWorkersNeverAddMoreThanOneEach) {
  const SimulatedCurve answer = curve(images_curve({1, 2, 4, 8, 16, 64, 256}));
  double efficiency = 1.0;
  double rate = 0.0;
  for (const CurvePoint& point : answer.curve.points) {
    ASSERT_TRUE(point.played());
    EXPECT_DOUBLE_EQ(point.items_per_second, point.step.items / point.step.seconds);
    EXPECT_LE(point.efficiency, efficiency * (1.0 + 1e-9)) << point.workers;
    EXPECT_GE(point.items_per_second, rate);
    EXPECT_NEAR(point.exposed_share, point.step.exposed_seconds / point.step.seconds, 1e-12);
    efficiency = point.efficiency;
    rate = point.items_per_second;
  }
  EXPECT_EQ(answer.curve.baseline, 1);
  EXPECT_DOUBLE_EQ(answer.curve.points[0].efficiency, 1.0);
  EXPECT_EQ(answer.curve.points[0].exposed_share, 0.0);
}

// A strong curve has the batch that it is given at every point; where it divides, as `estimate` says.
TEST(Curves, PointsAreEstimates) {
  CurveQuestion question = images_curve({1, 3, 8});
  question.mode = ScalingMode::Strong;
  question.job.global_batch = "256";
  const SimulatedCurve answer = curve(question);
  ASSERT_EQ(answer.curve.points.size(), 3U);
  EXPECT_THAT(answer.curve.points[1].refused, HasSubstr("3"));
  for (const std::size_t i : {0U, 2U}) {
    Job job = question.job;
    job.npus = fmt::format("{}", answer.curve.points[i].workers);
    EXPECT_NEAR(answer.curve.points[i].step.seconds, facts_of(estimate(job)).step_ns * 1e-9, 1e-12);
  }
}

// A rate of one worker that is given is that of one worker, and scales no other.
TEST(Curves, AGivenRateCalibrates) {
  CurveQuestion question = images_curve({1, 8});
  question.one_worker_rate = 100.0;
  const SimulatedCurve answer = curve(question);
  EXPECT_NEAR(answer.curve.points[0].items_per_second, 100.0, 1e-6);
  EXPECT_THAT(answer.remark, HasSubstr("calibrated on one worker alone: 100 images/s"));
  question.one_worker_rate = 0.0;
  question.measured = std::map<int, double>{{1, 50.0}, {8, 390.0}};
  const SimulatedCurve measured = curve(question);
  EXPECT_NEAR(measured.curve.points[0].items_per_second, 50.0, 1e-6);
  EXPECT_EQ(measured.curve.points[1].measured, 390.0);
  EXPECT_NEAR(*measured.curve.points[1].error(), measured.curve.points[1].items_per_second / 390.0 - 1.0,
              1e-12);
}

TEST(Curves, WhatDoesNotGoTogetherIsOneLine) {
  const auto said = [](auto change) {
    CurveQuestion question = images_curve({1, 2});
    change(question);
    return refused([&] { return curve(question); });
  };
  EXPECT_EQ(said([](auto& q) { q.mode = ScalingMode::Strong; }), "--strong needs --global-batch");
  EXPECT_EQ(said([](auto& q) { q.job.global_batch = "64"; }), "--global-batch is for --strong");
  EXPECT_EQ(said([](auto& q) {
              q.mode = ScalingMode::Strong;
              q.job.global_batch = "64";
              q.batch = 4;
            }),
            "--batch is for --weak; --strong has --global-batch");
  EXPECT_EQ(said([](auto& q) { q.job.tp = "2"; }), "--tp is for transformers; resnet-50 is data parallel");
  EXPECT_EQ(said([](auto& q) { q.job.loop = "Overlap"; }), "--loop is for layer tables");
  EXPECT_EQ(said([](auto& q) { q.job.recompute = "full"; }),
            "--recompute is for transformers; resnet-50 is data parallel");
  EXPECT_EQ(said([](auto& q) {
              q.job.model = "17B";
              q.one_worker_rate = 3.0;
            }),
            "--one-worker-rate is for image models");
}

}  // namespace
}  // namespace bandwright
