// What each column of a table of runs says of a job.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "core/io/files.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"
#include "training/memory_bill.h"
#include "training/training_step.h"
#include "validation/data_set.h"
#include "validation/software.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

using Cells = std::map<std::string, std::string>;

// Mixtral on 64 NPUs by Megatron-Core, a step of 2 s; with what a test says in place of that.
Cells run_with(const Cells& changes) {
  Cells cells = {{"id", "r1"},
                 {"arch", "mixtral-8x7b"},
                 {"system", "dgx-h100"},
                 {"npus", "64"},
                 {"tp", "2"},
                 {"cp", "1"},
                 {"pp", "1"},
                 {"vp", ""},
                 {"ep", "8"},
                 {"zero", ""},
                 {"mbs", "1"},
                 {"gbs", "256"},
                 {"seq", "4096"},
                 {"precision", "bf16"},
                 {"recompute", "none"},
                 {"software", "megatron-core"},
                 {"sequence_parallel", "yes"},
                 {"step_s", "2"},
                 {"missing_blocking", ""}};
  for (const auto& [column, cell] : changes) cells[column] = cell;
  return cells;
}

std::vector<DataSet> sets_of(const Cells& cells) {
  std::string columns;
  std::string values;
  for (const auto& [column, cell] : cells) {
    columns += (columns.empty() ? "" : ",") + column;
    values += (values.empty() ? "" : ",") + ("\"" + cell + "\"");
  }
  const TemporaryFolder folder;
  write_whole(folder / "runs.csv", columns + "\n" + values + "\n");
  return read_data_sets(folder / "runs.csv");
}

// The job of the row, or nothing and the reason.
std::shared_ptr<const TrainingJob> job_of(const Cells& changes, std::string* reason = nullptr) {
  const std::vector<DataSet> sets = sets_of(run_with(changes));
  if (!sets.at(0).rows.empty()) return sets[0].rows[0].job;
  if (reason != nullptr) *reason = sets[0].not_run.at(0).reason;
  return nullptr;
}
std::string reason_of(const Cells& changes) {
  std::string reason;
  EXPECT_EQ(job_of(changes, &reason), nullptr);
  return reason;
}

struct ColumnCase {
  Cells changes;
  std::function<double(const TrainingJob&)> member;
  double expected;
};

double flag(bool value) { return value ? 1.0 : 0.0; }

class RunColumns : public testing::TestWithParam<ColumnCase> {};

TEST_P(RunColumns, AreMembersOfTheJob) {
  std::string reason;
  const auto job = job_of(GetParam().changes, &reason);
  ASSERT_NE(job, nullptr) << reason;
  EXPECT_EQ(GetParam().member(*job), GetParam().expected) << testing::PrintToString(GetParam().changes);
}

INSTANTIATE_TEST_SUITE_P(
    Division, RunColumns,
    testing::Values(
        ColumnCase{{}, [](const auto& j) { return j.parallelism.data; }, 32},
        ColumnCase{{{"cp", "4"}}, [](const auto& j) { return j.parallelism.data; }, 8},
        ColumnCase{{{"ep", ""}}, [](const auto& j) { return j.parallelism.expert; }, 1},
        ColumnCase{{}, [](const auto& j) { return j.parallelism.expert_tensor; }, 0},
        ColumnCase{{{"etp", "1"}}, [](const auto& j) { return j.parallelism.expert_tensor; }, 1},
        // Megatron-LM takes it for any model; a dense one has no experts.
        ColumnCase{{{"etp", "1"}, {"arch", "llama3-8b"}, {"ep", ""}},
                   [](const auto& j) { return j.parallelism.expert_tensor; },
                   0},
        ColumnCase{{}, [](const auto& j) { return j.parallelism.zero; }, 1},  // its software's
        ColumnCase{{{"zero", "0"}}, [](const auto& j) { return j.parallelism.zero; }, 0},
        ColumnCase{{{"zero_npus", "8"}}, [](const auto& j) { return j.parallelism.zero_npus; }, 8},
        ColumnCase{{{"missing_approx", "shards inside a machine"}},
                   [](const auto& j) { return j.parallelism.zero_npus; },
                   8},
        ColumnCase{
            {{"pp", "4"}, {"vp", "2"}},
            [](const auto& j) { return flag(j.parallelism.schedule == PipelineSchedule::Interleaved); },
            1},
        ColumnCase{{{"pp", "4"}, {"vp", "2"}}, [](const auto& j) { return j.parallelism.virtual_stages; }, 2},
        ColumnCase{{{"tp", "1"}}, [](const auto& j) { return flag(j.parallelism.sequence_parallel); }, 0},
        ColumnCase{{}, [](const auto& j) { return flag(j.parallelism.sequence_parallel); }, 1},
        ColumnCase{{{"seq", ""}, {"arch", "llama3-8b"}, {"ep", ""}},
                   [](const auto& j) { return j.model.sequence; },
                   8192},
        ColumnCase{{{"predict_more", "2"}}, [](const auto& j) { return j.model.predicted; }, 3},
        ColumnCase{{{"missing_blocking", "multi-token prediction layer"}},
                   [](const auto& j) { return j.model.predicted; },
                   2}));

INSTANTIATE_TEST_SUITE_P(
    Software, RunColumns,
    testing::Values(
        ColumnCase{{}, [](const auto& j) { return j.parallelism.stored_gradient_bytes; }, 4},
        ColumnCase{{{"source", "Megatron-Bridge, performance summary"}},
                   [](const auto& j) { return j.parallelism.stored_gradient_bytes; },
                   2},
        ColumnCase{{{"group", "25.04 NeMo"}},
                   [](const auto& j) { return flag(j.parallelism.attention == AttentionKernel::Flash2024); },
                   1},
        ColumnCase{{{"group", "25.07 NeMo"}},
                   [](const auto& j) { return flag(j.parallelism.attention == AttentionKernel::Flash); },
                   1},
        ColumnCase{{{"group", "25.04 NeMo"}, {"attention", "unfused"}},
                   [](const auto& j) { return flag(j.parallelism.attention == AttentionKernel::Unfused); },
                   1},
        ColumnCase{{{"overlap", "none"}},
                   [](const auto& j) {
                     return flag(j.parallelism.overlap_gradients || j.parallelism.overlap_tensor);
                   },
                   0},
        ColumnCase{
            {{"overlap", "expert"}}, [](const auto& j) { return flag(j.parallelism.overlap_expert); }, 1},
        ColumnCase{{{"overlap", "tensor"}, {"software", "megatron-2022"}},
                   [](const auto& j) { return flag(j.parallelism.overlap_tensor); },
                   1},
        ColumnCase{{{"dispatch", "all-to-all"}},
                   [](const auto& j) { return flag(j.parallelism.dispatch == ExpertDispatch::AllToAll); },
                   1},
        ColumnCase{{{"graphs", "whole"}}, [](const auto& j) { return flag(j.parallelism.whole_graphs); }, 1},
        ColumnCase{{{"group", "26.06 x"}, {"precision_stated", "MXFP8"}},
                   [](const auto& j) { return flag(j.parallelism.whole_graphs); },
                   1},
        ColumnCase{{{"group", "26.02 x"}, {"precision_stated", "MXFP8"}},
                   [](const auto& j) { return flag(j.parallelism.whole_graphs); },
                   0},
        ColumnCase{{{"missing_approx", "Muon"}},
                   [](const auto& j) { return flag(j.parallelism.optimizer == Optimizer::Muon); },
                   1},
        ColumnCase{
            {{"missing_blocking", "Megatron-FSDP"}}, [](const auto& j) { return j.parallelism.zero; }, 3},
        // FSDP with a pipeline keeps its weights since 2025.
        ColumnCase{{{"software", "fsdp2"}, {"pp", "2"}}, [](const auto& j) { return j.parallelism.zero; }, 1},
        ColumnCase{{{"software", "fsdp2"}}, [](const auto& j) { return j.parallelism.zero; }, 3},
        // Owners inside of a machine have time beside compute.
        ColumnCase{{{"software", "internevo"}},
                   [](const auto& j) { return flag(j.parallelism.overlap_parameters); },
                   0},
        ColumnCase{{{"software", "internevo"}, {"zero_npus", "8"}},
                   [](const auto& j) { return flag(j.parallelism.overlap_parameters); },
                   1}));

INSTANTIATE_TEST_SUITE_P(
    Recomputation, RunColumns,
    testing::Values(ColumnCase{{{"recompute", "full"}, {"recompute_stated", "layernorm"}},
                               [](const auto& j) { return flag(j.parallelism.again.norms); },
                               0},
                    ColumnCase{{{"recompute_stated", "layernorm, moe_act"}},
                               [](const auto& j) {
                                 return flag(j.parallelism.again.norms && j.parallelism.again.activation);
                               },
                               1},
                    ColumnCase{{{"recompute_stated", "layernorm, moe"}},
                               [](const auto& j) { return flag(j.parallelism.again.experts); },
                               1},
                    ColumnCase{{{"recompute_stated", "layernorm, moe_act"}},
                               [](const auto& j) { return flag(j.parallelism.again.experts); },
                               0},
                    ColumnCase{{{"recompute_stated", "mlp"}},
                               [](const auto& j) { return flag(j.parallelism.again.ffn); },
                               1},
                    ColumnCase{{{"recompute_stated", "per operator"}},
                               [](const auto& j) { return flag(j.parallelism.again.every_second); },
                               1},
                    ColumnCase{{{"recompute_modules", "norms,experts"}, {"recompute_stated", "mlp"}},
                               [](const auto& j) {
                                 return flag(j.parallelism.again.experts && !j.parallelism.again.ffn);
                               },
                               1}));

// What a row says that nothing is known of is its reason, and the first is named.
TEST(RunColumns, WhatIsNotKnownIsTheReason) {
  EXPECT_THAT(reason_of({{"overlap", "some"}}), HasSubstr("overlap: unknown 'some'"));
  EXPECT_THAT(reason_of({{"graphs", "some"}}), HasSubstr("graphs: unknown 'some'"));
  EXPECT_THAT(reason_of({{"software", "abacus"}}), HasSubstr("abacus"));
  EXPECT_THAT(reason_of({{"precision", "fp12"}}), HasSubstr("fp12"));
  EXPECT_THAT(reason_of({{"zero", "5"}}), HasSubstr("5"));
  EXPECT_THAT(reason_of({{"gbs", "33"}}), HasSubstr("global batch 33"));
  EXPECT_THAT(reason_of({{"system", "dgx-h999"}}), HasSubstr("dgx-h999"));
  EXPECT_EQ(reason_of({{"missing_blocking", "odd layers; optimizer muon; frozen weights"}}),
            "odd layers; frozen weights");
  EXPECT_NE(job_of({{"missing_blocking", "frozen weights"}, {"model", "gpt_frozen_resume"}}), nullptr);
}

// A memory reading counts tensors, with what the allocator keeps where that is reserved, of the last stage
// where that was read.
TEST(RunColumns, ReadingsCountWhatTheySay) {
  const auto predicted = [](const std::string& kind) {
    Cells cells =
        run_with({{"mem_gib", "40"}, {"mem_kind", kind}, {"pp", "4"}, {"arch", "llama3-8b"}, {"ep", ""}});
    cells["step_s"] = "";
    const std::vector<DataSet> sets = sets_of(cells);
    return sets.at(0).rows.at(0).predict(shipped_calibration());
  };
  const auto job = job_of({{"pp", "4"}, {"arch", "llama3-8b"}, {"ep", ""}});
  constexpr double gib = 1073741824.0;
  const double fullest = memory_bill(job->model, job->parallelism).allocated() / gib;
  const double last = memory_bill(job->model, job->parallelism, StageEnd::Last).allocated() / gib;
  EXPECT_NE(fullest, last);
  EXPECT_DOUBLE_EQ(predicted("torch max allocated"), fullest);
  EXPECT_DOUBLE_EQ(predicted("torch max reserved"), 1.04 * fullest);
  EXPECT_DOUBLE_EQ(predicted("torch max allocated, last pipeline stage"), last);
}

// Every software is found by its name, and differs from every other in something.
TEST(Software, IsKnownByItsName) {
  const auto summary = [](std::string_view name) {
    const Parallelism p = software(name);
    return std::vector<double>{flag(p.sequence_parallel),
                               static_cast<double>(p.zero),
                               flag(p.overlap_gradients),
                               flag(p.overlap_backward),
                               flag(p.overlap_tensor),
                               flag(p.overlap_expert),
                               static_cast<double>(p.attention),
                               static_cast<double>(p.loss),
                               static_cast<double>(p.gradient_bytes),
                               flag(p.hierarchical),
                               flag(p.synchronous_sends)};
  };
  std::map<std::vector<double>, std::string> known;
  for (const TrainingSoftware& each : training_software()) {
    const auto [at, fresh] = known.emplace(summary(each.name), each.name);
    EXPECT_TRUE(fresh) << each.name << " is " << at->second;
    EXPECT_FALSE(each.help.empty());
  }
  EXPECT_THAT(refused([] { return software("megatron"); }), HasSubstr("megatron-core"));
}

}  // namespace
}  // namespace bandwright
