#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/error.h"
#include "validation/data_set.h"

namespace bandwright {
namespace {

// A row that each kind of file may hold, made up.
struct Sample {
  std::string_view kind;
  std::string_view header;
  std::string_view row;
  std::size_t numbers = 1;  // measured, in a row
};
constexpr std::array samples = {
    Sample{"gemm_bf16_sample", "system,m,n,k,latency_ms", "a100_sxm,1024,512,256,0.1"},
    Sample{"nccl_collectives_sample", "system,collective,dtype,gpus,bytes_assuming_dtype,latency_ms",
           "h100_sxm,all_gather,half,4,4194304,0.04"},
    Sample{"nccl_allreduce_a100_v100", "gpu,num_gpus,size_bytes,oop_time_ns", "V100,3,8388608,300000"},
    Sample{"nccl_busbw_ml_engineering", "system,gpus,collective,size_bytes,busbw_GBps,tool",
           "H200,8,all_reduce,8388608,150,nccl-tests"},
    Sample{"vtrain_ground_truth_single",
           "# layers,hidden size,attention heads,sequence length,tensor parallelism,data "
           "parallelism,pipeline parallelism,micro batch,global batch,iteration time (ms)",
           "12,1024,16,1024,2,2,1,2,8,200"},
    Sample{
        "megatron_sc21_table1_a100",
        "model,layers,hidden,attention_heads,seq_len,vocab,tensor_parallel,pipeline_parallel,data_parallel,"
        "layers_per_virtual_stage,micro_batch,global_batch,tflops_per_gpu",
        "7B,36,4096,32,2048,51200,4,2,4,,1,32,140"},
    Sample{"megatron_sc21_table2_ptd_vs_zero3",
           "scheme,params_B,model_parallel,global_batch,gpus,micro_batch,tflops_per_gpu",
           "ZeRO-3,174.6,1,1536,384,4,140"},
    Sample{
        "korthikanti_table5_iteration_time",
        "model,mode,layers,hidden,heads,seq,tp,pp,dp,interleave,micro_batch,global_batch,recompute,tp_comm,"
        "measured_iter_s",
        "m,full,48,6144,64,2048,8,1,1,1,4,4,full,ar,1.4"},
    Sample{"korthikanti_fig1_memory_gib",
           "model,params_optimizer_GiB,activations_none_GiB,activations_seq_plus_selective_GiB",
           "gpt3-175B,45,66,12", 3},
    Sample{
        "megatron_core_h100_weak_scaling",
        "model,layers,hidden,attention_heads,seq_len,vocab,tensor_parallel,pipeline_parallel,data_parallel,"
        "global_batch,tflops_per_gpu",
        "7B,32,4096,32,4096,131072,2,1,8,64,450"},
    Sample{
        "mlperf_llm_step_times",
        "round,model,accelerator,num_accelerators,seq_len,tp,pp,cp,dp,micro_batch,global_batch,median_step_s",
        "v1,GPT-3 175B,NVIDIA H100-SXM5-80GB,512,2048,4,8,1,16,1,256,5"},
    Sample{"training_steps",
           "model,system,tp,cp,pp,dp,virtual_stages,micro_batch,global_batch,sequence,software,precision,"
           "recompute,sequence_parallel,pp_inside_dp,seconds,source",
           "gpt-7.5b,dgx-a100,4,1,1,4,1,1,16,2048,megatron-2021,fp16,full,no,no,1,here"},
    Sample{"mpt_fsdp_a100_h100",
           "Model,SeqLen (T),# GPUs,GPU,MP Mode,Sharding Strategy,Precision,Activation "
           "Checkpointing,MicroBatchSize,GradAccum,Throughput (T/s)",
           "7b,2048,16,h100_80gb,PURE,FULL_SHARD,amp_bf16,True,4,1,100000"},
};

// A file of the kind with this text; the rows read, or the problem with the file or its first bad row.
struct Answer {
  std::vector<Measurement> rows;
  std::string problem;
};
Answer read(std::string_view kind, const std::string& text) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("bandwright_readers_" + std::to_string(getpid()) + ".csv");
  std::ofstream(file, std::ios::binary) << text;
  Answer answer;
  for (const DataSetKind& each : data_set_kinds()) {
    if (each.name != kind) continue;
    try {
      DataSet set = read_data_set(each, file);
      answer.rows = std::move(set.rows);
      if (!set.not_run.empty()) answer.problem = set.not_run[0].row + ": " + set.not_run[0].reason;
    } catch (const InputError& error) {
      answer.problem = error.what();
    }
  }
  std::filesystem::remove(file);
  return answer;
}

std::vector<std::string> cells(std::string_view line) {
  std::vector<std::string> result(1);
  for (const char c : line) {
    if (c == ',') {
      result.emplace_back();
    } else {
      result.back() += c;
    }
  }
  return result;
}

std::string joined(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + cell;
  return line;
}

TEST(Readers, PredictTheRowsTheyRead) {
  for (const Sample& sample : samples) {
    const Answer answer =
        read(sample.kind, std::string(sample.header) + '\n' + std::string(sample.row) + '\n');
    EXPECT_EQ(answer.problem, "") << sample.kind;
    ASSERT_EQ(answer.rows.size(), sample.numbers) << sample.kind;
    const double error = relative_error(answer.rows[0], shipped_calibration());
    EXPECT_TRUE(error > -0.95 && error < 20.0) << sample.kind << ' ' << error;
    EXPECT_FALSE(answer.rows[0].family.empty());
  }
}

// Whatever is in a cell, the answer is a row or one line that names the file and the line.
TEST(Readers, TellHostileCellsInOneLine) {
  constexpr std::array<std::string_view, 12> hostile = {
      "", "0", "-1", "1e300", "-1e300", "nan", "0.5", "9223372036854775808", "\xff\xfe", "\"", "a b", "3"};
  std::mt19937_64 random(7);
  int refused = 0;
  for (const Sample& sample : samples) {
    for (int round = 0; round < 40; ++round) {
      std::vector<std::string> row = cells(sample.row);
      const std::size_t changes = 1 + random() % 2;
      for (std::size_t i = 0; i < changes; ++i)
        row[random() % row.size()] = hostile[random() % hostile.size()];
      const Answer answer = read(sample.kind, std::string(sample.header) + '\n' + joined(row) + '\n');
      EXPECT_EQ(answer.problem.find('\n'), std::string::npos) << answer.problem;
      if (!answer.problem.empty()) {
        ++refused;
        EXPECT_NE(answer.problem.find("bandwright_readers_"), std::string::npos) << answer.problem;
      }
      for (const Measurement& each : answer.rows) {
        const double error = relative_error(each, shipped_calibration());
        EXPECT_TRUE(std::isfinite(error)) << sample.kind << ": " << joined(row);
      }
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Readers, TellBrokenFilesInOneLine) {
  const Sample& sample = samples[0];
  const std::string header(sample.header);
  const std::string row(sample.row);
  for (const std::string& text : {std::string("\0\0\0", 3), header + "\n" + row + ",1\n", header + "\n1,2\n",
                                  header + "\n\"" + row, header + "\n" + row + "\n\xff"}) {
    const Answer answer = read(sample.kind, text);
    EXPECT_EQ(answer.problem.find('\n'), std::string::npos);
    EXPECT_TRUE(answer.rows.empty());
  }
  EXPECT_TRUE(read(sample.kind, "").rows.empty());
  EXPECT_EQ(read(sample.kind, header + "\r\n" + row + "\r\n").rows.size(), 1U);
  EXPECT_NE(read(sample.kind, "system,m,n\na100_sxm,1,2\n").problem.find("k: no such column"),
            std::string::npos);
}

// Of a file without rows as well, which says nothing else.
TEST(Readers, EveryNeededColumnIsMissed) {
  for (const DataSetKind& kind : data_set_kinds()) {
    const std::vector<std::string> columns = cells(kind.columns);
    EXPECT_EQ(read(kind.name, joined(columns) + '\n').problem, "") << kind.name;
    for (std::size_t missing = 0; missing < columns.size(); ++missing) {
      std::vector<std::string> others = columns;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(missing));
      const std::string problem = read(kind.name, joined(others) + '\n').problem;
      EXPECT_NE(problem.find(".csv:1: " + columns[missing] + ": no such column (expected: "), problem.npos)
          << problem;
    }
  }
  for (const Sample& sample : samples) {  // and no other column is
    const std::vector<std::string> columns = cells(sample.header);
    const std::vector<std::string> row = cells(sample.row);
    std::vector<std::string> needed;
    std::vector<std::string> values;
    const auto kinds = data_set_kinds();
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const auto& each) { return each.name == sample.kind; });
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if ((',' + std::string(kind->columns) + ',').find(',' + columns[c] + ',') == std::string::npos)
        continue;
      needed.push_back(columns[c]);
      values.push_back(row[c]);
    }
    EXPECT_EQ(read(sample.kind, joined(needed) + '\n' + joined(values) + '\n').problem, "") << sample.kind;
  }
}

TEST(Readers, MeasuredValuesArePositive) {
  const std::string header(samples[0].header);
  EXPECT_NE(read("gemm_bf16_sample", header + "\na100_sxm,8,8,8,-1\n").problem.find(":2: the measured value"),
            std::string::npos);
}

}  // namespace
}  // namespace bandwright
