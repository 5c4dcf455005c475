// Tables of published runs: what a row becomes, and what becomes of a row that cannot be run.
#include "validation/runs/run_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "training/training_step.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

constexpr std::string_view header =
    "id,arch,system,npus,tp,cp,pp,vp,ep,etp,zero,mbs,gbs,seq,precision,recompute,software,overlap,"
    "sequence_parallel,attention,tokens_s_gpu,step_s,tflops_gpu,mem_gib,mem_kind,missing_blocking\n";

// A folder of its own with one table, gone with the object.
class Table {
 public:
  explicit Table(const std::string& rows, const std::string& more_columns = "")
      : folder_(std::filesystem::temp_directory_path() / ("bandwright_runs_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_ / "architectures");
    std::ofstream(folder_ / "runs.csv") << more_columns << header << rows;
  }
  ~Table() { std::filesystem::remove_all(folder_); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::vector<DataSet> read() const { return read_data_sets(folder_ / "runs.csv"); }

 private:
  std::filesystem::path folder_;
};

// 64 sequences of 4,096 tokens at 1,000 tokens/s on each of 8 NPUs: 64 x 4096 / 8000 = 32.768 s.
TEST(RunTable, SecondsFollowFromTokens) {
  const Table table(
      "a,llama2-7b,dgx-h100,8,1,1,1,1,1,,3,1,64,4096,bf16,none,fsdp2,,no,,1000,,,,,\n"
      "b,llama2-7b,dgx-h100,8,1,1,1,1,1,,3,1,64,4096,bf16,none,fsdp2,,no,,1000,5.5,,,,\n");
  const auto sets = table.read();
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(sets[0].name, "runs");
  EXPECT_EQ(sets[0].what, Measured::StepTime);
  ASSERT_EQ(sets[0].rows.size(), 2U);
  EXPECT_NEAR(sets[0].rows[0].measured, 32.768, 1e-9);
  EXPECT_NEAR(sets[0].rows[1].measured, 5.5, 1e-9);  // a step that was timed goes first
}

// FLOP of the step over NPUs and TFLOP/s.
TEST(RunTable, SecondsFollowFromTheModelsFlop) {
  const Table table("a,llama2-7b,dgx-h100,8,1,1,1,1,1,,3,1,64,4096,bf16,none,fsdp2,,no,,,,400,,,\n");
  TransformerArchitecture model = load_architecture("llama2-7b");
  model.sequence = 4096;
  const auto sets = table.read();
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_NEAR(sets[0].rows[0].measured, 64.0 * model_flop_per_sequence(model) / 8.0 / 400e12, 1e-9);
}

TEST(RunTable, MemoryIsASetOfItsOwn) {
  const Table table(
      "a,llama2-7b,dgx-h100,8,1,1,1,1,1,,3,1,64,4096,bf16,none,fsdp2,,no,,1000,,,40,torch max reserved,\n");
  const auto sets = table.read();
  ASSERT_EQ(sets.size(), 2U);
  EXPECT_EQ(sets[1].name, "runs");
  EXPECT_EQ(sets[1].what, Measured::Memory);
  EXPECT_EQ(sets[1].metric, "GiB");
  const double error = relative_error(sets[1].rows[0], shipped_calibration());
  EXPECT_TRUE(std::isfinite(error));
}

TEST(RunTable, WhatCannotBeRunIsListedAndEndsNothing) {
  const Table table(
      "a,,dgx-h100,8,1,1,1,1,1,,3,1,64,4096,bf16,none,fsdp2,,no,,1000,,,,,model: hybrid layers\n"
      "b,no-such-model,dgx-h100,8,1,1,1,1,1,,3,1,64,4096,bf16,none,fsdp2,,no,,1000,,,,,\n"
      "c,llama2-7b,dgx-h100,8,3,1,1,1,1,,3,1,64,4096,bf16,none,fsdp2,,no,,1000,,,,,\n"
      "d,llama2-7b,dgx-h100,8,1,1,1,1,1,,3,1,64,4096,bf16,none,fsdp2,,no,,-1,,,,,\n"
      "e,llama2-7b,dgx-h100,8,1,1,1,1,1,,3,1,64,4096,bf16,none,fsdp2,,no,,1000,,,,,\n");
  const auto sets = table.read();
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(sets[0].rows.size(), 1U);
  ASSERT_EQ(sets[0].not_run.size(), 4U);
  EXPECT_EQ(sets[0].not_run[0].row, "runs.csv:2");
  EXPECT_EQ(sets[0].not_run[0].reason, "model: hybrid layers");
  EXPECT_NE(sets[0].not_run[1].reason.find("no-such-model"), std::string::npos);
  EXPECT_NE(sets[0].not_run[2].reason.find("does not divide 8 NPUs"), std::string::npos);
  EXPECT_EQ(sets[0].not_run[3].reason, "the measured value must be more than 0");
}

// What waits in the host's memory does not fill the NPU's; that a source leaves out what ran again is noted.
TEST(RunTable, ActivationsOfNamedLayersAreOnTheHost) {
  const std::string run = ",llama2-7b,dgx-h100,8,1,1,1,1,1,,3,4,64,4096,bf16,none,fsdp2,,no,,1000,,,,,\n";
  std::vector<double> filled;
  for (const std::string layers : {"", "16", "all"}) {
    const Table table(layers + ",a" + run, "offload_layers,");
    const auto sets = table.read();
    ASSERT_EQ(sets[0].rows.size(), 1U) << sets[0].not_run[0].reason;
    EXPECT_FALSE(sets[0].rows[0].memory_unstated);
    filled.push_back(sets[0].rows[0].filled);
  }
  EXPECT_GT(filled[0], filled[1]);
  EXPECT_GT(filled[1], filled[2]);
  const Table unstated("recomputation not stated; read as none,a" + run, "assumed,");
  EXPECT_TRUE(unstated.read()[0].rows[0].memory_unstated);
}

// What a recipe sets stands in for what its runs leave out, whichever table they are in; what a row says goes
// before it. Of Llama 3 70B on GB300, with ZeRO 3 in fp8, 20 layers' activations are in the host's memory.
TEST(RunTable, RecipesSayWhatTheirRunsLeaveOut) {
  const auto filled = [](const std::string& layers, const std::string& precision) {
    const Table table(layers + ",a,llama3-70b,gb300-nvl72,64,1,1,1,1,1,,3,2,256,8192," + precision +
                          ",none,megatron-core,,no,,,7.2,,,,\n",
                      "offload_layers,");
    const auto sets = table.read();
    EXPECT_EQ(sets[0].rows.size(), 1U) << sets[0].not_run[0].reason;
    return sets[0].rows[0].filled;
  };
  EXPECT_DOUBLE_EQ(filled("", "fp8"), filled("20", "fp8"));
  EXPECT_LT(filled("40", "fp8"), filled("", "fp8"));
  EXPECT_GT(filled("", "bf16"), filled("20", "bf16"));  // not of this recipe
}

// Adapters of a rank that the table or a recipe says; otherwise such a run cannot be said. Without the
// gradients of frozen weights a step takes less than with all trained.
TEST(RunTable, FrozenWeightsHaveAdapters) {
  const std::string run = "llama3-8b,dgx-h100,8,1,1,1,1,1,,3,2,32,4096,bf16,none,fsdp2,,no,,,10.5,,,,";
  const std::string lora = "LoRA (frozen weights)\n";
  const Table table(",,a," + run + lora + ",16,b," + run + lora + "NeMo AutoModel performance summary,,c," +
                        run + lora + ",,d," + run + "\n",
                    "source,lora_rank,");
  const auto sets = table.read();
  ASSERT_EQ(sets[0].not_run.size(), 1U);
  EXPECT_EQ(sets[0].not_run[0].reason, "LoRA (frozen weights)");
  ASSERT_EQ(sets[0].rows.size(), 3U);
  const Calibration constants = shipped_calibration();
  const double told = sets[0].rows[0].predict(constants);
  EXPECT_DOUBLE_EQ(told, sets[0].rows[1].predict(constants));
  EXPECT_LT(told, 0.85 * sets[0].rows[2].predict(constants));
  EXPECT_NE(sets[0].rows[0].configuration, sets[0].rows[2].configuration);
}

TEST(RunTable, NamesWithAnAtLieBesideTheTable) {
  const Table table("a,@mine,dgx-h100,8,1,1,1,1,1,,3,1,64,,bf16,none,fsdp2,,no,,,1,,,,\n");
  std::ofstream(table.folder() / "architectures" / "mine.yaml")
      << "name: mine\nlayers: 2\nhidden: 1024\nheads: 8\nsequence: 512\nvocabulary: 1024\n";
  const auto sets = table.read();
  ASSERT_EQ(sets[0].rows.size(), 1U) << sets[0].not_run[0].reason;
}

// A row without a shape is of the model that has the same letters and digits, whatever it adds to them.
TEST(RunTable, ModelsAreKnownByTheirWords) {
  const std::string run = ",dgx-b200,8,1,1,1,1,8,,1,2,512,8192,bf16,none,megatron-core,,no,,,16,,,,";
  const Table table("Nemotron_3_Nano,a," + run + "model: Mamba-2 hybrid layers\n" +
                        "Nemotron V3 Nano 30B,b," + run + "\n" + "Nemotron 9,c," + run + "\n",
                    "model,");
  const auto sets = table.read();
  ASSERT_EQ(sets.size(), 1U);
  ASSERT_EQ(sets[0].rows.size(), 2U);
  EXPECT_EQ(relative_error(sets[0].rows[0], shipped_calibration()),
            relative_error(sets[0].rows[1], shipped_calibration()));
  ASSERT_EQ(sets[0].not_run.size(), 1U);
  EXPECT_EQ(sets[0].not_run[0].reason, "no shape of the model 'Nemotron 9' is known");
}

// Twice the chips with twice the batch over two pods: the same work, and gradients of a 256th of the model
// over the network between them, 16e9 x 2 B / 256 x 2 (1/2) / 3.125 GB/s = 40 ms in some ten seconds.
TEST(RunTable, SlicesShareTheNetworkBetweenThem) {
  const std::string run = ",1,1,1,1,1,,3,6,";
  const Table table("a,maxtext-16b,tpu-v5e,256" + run + "1536,2048,bf16,full,maxtext,,no,,,10,,,,\n" +
                    "b,maxtext-16b,tpu-v5e,512" + run +
                    "3072,2048,bf16,full,maxtext,,no,,,10,,,,several slices " +
                    "over the data-centre network (its bandwidth is not stated)\n");
  const auto sets = table.read();
  ASSERT_EQ(sets[0].rows.size(), 2U) << sets[0].not_run[0].reason;
  const Calibration constants = shipped_calibration();
  const double one = sets[0].rows[0].predict(constants);
  const double two = sets[0].rows[1].predict(constants);
  EXPECT_GE(two, one);
  EXPECT_LE(two, one + 0.1);
}

TEST(RunTable, OtherTablesAreNone) {
  EXPECT_FALSE(is_run_table(*parse_csv("model,system\n", "a.csv").header));
  EXPECT_FALSE(is_run_table(*parse_csv("", "a.csv").header));
  EXPECT_TRUE(is_run_table(*parse_csv(header, "a.csv").header));
}

}  // namespace
}  // namespace bandwright
