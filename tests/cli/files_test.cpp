// Files of other tools on the command line: check, import, export, and traces in simulate and optimize.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/cli/program.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

const std::string network =
    "topology: [ Ring, Switch ]\nnpus_count: [ 4, 2 ]\nbandwidth: [ 50, 25 ]\nlatency: [ 500, 500 ]\n";
const std::string system_file =
    R"({"preferred-dataset-splits": 4, "endpoint-delay": 10, "local-mem-bw": 1600,
        "roofline-enabled": 1, "peak-perf": 312, "boost-mode": 1})";
// Two operators with compute, tensor-parallel and data-parallel communication.
const std::string layers =
    "HYBRID_TRANSFORMER model_parallel_NPU_group: 4\n2\n"
    "a -1 1000 ALLREDUCE 65536 1000 NONE 0 500 ALLREDUCE 1048576 0\n"
    "b -1 2000 ALLREDUCE 65536 2000 NONE 0 700 ALLREDUCE 1048576 0\n";

class Files : public testing::Test {
 protected:
  [[nodiscard]] Finished run(const std::vector<std::string>& words) const {
    return run_bandwright(words, folder.path());
  }
  [[nodiscard]] json answer(std::vector<std::string> words) const {
    words.insert(words.end(), {"--format", "json"});
    const Finished finished = run(words);
    EXPECT_EQ(finished.status, 0) << finished.err;
    return finished.status == 0 ? json::parse(finished.out) : json();
  }
  // An exported model of eight NPUs.
  void export_traces() const {
    const Finished finished = run({"export", "./model.yaml", "--npus", "8", "-o", "traces"});
    ASSERT_EQ(finished.status, 0) << finished.err;
    EXPECT_THAT(finished.out, HasSubstr("traces/layers.*.et"));
  }
  void SetUp() override {
    folder.write("net.yml", network);
    folder.write("sys.json", system_file);
    folder.write("layers.txt", layers);
    const Finished finished = run({"import", "layers.txt", "-o", "model.yaml"});
    ASSERT_EQ(finished.status, 0) << finished.err;
  }

  const ScratchFolder folder;
};

// The facts that `check` gives, by their names.
json facts_of(const json& answer) {
  json facts;
  for (const json& row : answer["facts"]) facts[row["fact"].get<std::string>()] = row["value"];
  return facts;
}

TEST_F(Files, CheckSaysWhatAFileIs) {
  EXPECT_EQ(facts_of(answer({"check", "net.yml"}))["dimensions"], "Ring(4)_Switch(2)");
  const json system = answer({"check", "sys.json"});
  EXPECT_EQ(system["format"], "astra-sim-2-system");
  EXPECT_THAT(system["ignored"][0], HasSubstr("boost-mode"));
  EXPECT_EQ(answer({"check", "model.yaml"})["format"], "layer-table");
  const Finished text = run({"check", "layers.txt"});
  EXPECT_THAT(text.out, HasSubstr("layers.txt\nvalid, ASTRA-sim 1.0's or LIBRA's layer text"));
  EXPECT_THAT(run({"check", "layers.txt", "--format", "csv"}).out, HasSubstr(",layers,2\n"));
  folder.write("memory.json", R"({"memory-type": "PER_NPU_MEMORY_EXPANSION", "remote-mem-latency": 100,
                                  "remote-mem-bw": 50})");
  EXPECT_EQ(facts_of(answer({"check", "memory.json"}))["a memory node of a trace takes"],
            "100 ns + its tensor_size at 50 GB/s");
}

TEST_F(Files, CheckOfTraces) {
  export_traces();
  const json facts = facts_of(answer({"check", "traces"}));
  EXPECT_EQ(facts["NPUs"], "8");
  EXPECT_EQ(facts["kinds of NPU"], "1");
  EXPECT_EQ(facts["process groups"], "4 of 2 NPUs, 2 of 4");
  EXPECT_EQ(facts["compute time"], "7.2 us");
  fs::remove(folder.path() / "traces" / "layers.5.et");
  const Finished missing = run({"check", "traces"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err,
              HasSubstr("layers.5.et: missing: the trace of NPU 5, while there is one of NPU 7"));
}

TEST_F(Files, ImportSaysWhatItIgnored) {
  const Finished system = run({"import", "sys.json"});
  EXPECT_THAT(system.out, HasSubstr("# From sys.json: ASTRA-sim 2's system JSON."));
  EXPECT_THAT(system.out, HasSubstr("# - ignored: boost-mode: identical NPUs are always folded"));
  EXPECT_THAT(run({"import", "net.yml"}).out, HasSubstr("--bandwidth 53.68"));
  folder.write("groups.json", R"({"1": [0, 1]})");
  EXPECT_EQ(run({"import", "groups.json"}).status, 2);
}

// The exported model takes the time of the model; so do its traces and its layer text.
TEST_F(Files, ExportedStepsTakeTheirTime) {
  const std::vector<std::string> bandwidth = {"--bandwidth", "50,25"};
  const auto step = [&](std::vector<std::string> words) {
    words.insert(words.end(), bandwidth.begin(), bandwidth.end());
    return answer(words)["step_time_s"].get<double>();
  };
  const double model = step({"simulate", "Ring(4)_Switch(2)", "./model.yaml"});
  export_traces();
  EXPECT_EQ(step({"simulate", "--network", "Ring(4)_Switch(2)", "--workload", "traces"}), model);
  const Finished text = run({"export", "./model.yaml", "--format", "astra-sim-1", "-o", "texts"});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_EQ(step({"simulate", "--network", "Ring(4)_Switch(2)", "--workload", "texts/layers.txt"}), model);
}

TEST_F(Files, TracesArePlayedFoldedOrNpuByNpu) {
  export_traces();
  const std::vector<std::string> words = {"simulate", "--workload", "traces",  "--network",
                                          "net.yml",  "--library",  "sys.json"};
  const auto with = [&](const char* fidelity) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--npu-fidelity", fidelity});
    return answer(all);
  };
  EXPECT_EQ(with("full")["npu_fidelity"], "full");
  EXPECT_EQ(with("full")["step_time_s"], with("folded")["step_time_s"]);  // Ring(4) closes as it goes
  EXPECT_GT(with("full")["events"], with("folded")["events"]);
  std::vector<std::string> timeline = words;
  timeline.insert(timeline.end(), {"--npu-fidelity", "full", "--timeline", "step.json"});
  EXPECT_EQ(run(timeline).status, 0);
  std::ifstream file(folder.path() / "step.json");
  EXPECT_FALSE(json::parse(file).empty());
}

// An export is all there is of its model; files of others stay.
TEST_F(Files, ASmallerExportLeavesNothingOfALarger) {
  export_traces();
  folder.write("traces/notes.md", "mine");
  ASSERT_EQ(run({"export", "17B", "--npus", "2", "-o", "traces"}).status, 0);
  ASSERT_EQ(run({"export", "./model.yaml", "--npus", "4", "-o", "traces"}).status, 0);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "traces")) {
    names.insert(entry.path().filename().string());
  }
  EXPECT_EQ(names, (std::set<std::string>{"17B.0.et", "17B.1.et", "17B.json", "layers.0.et", "layers.1.et",
                                          "layers.2.et", "layers.3.et", "layers.json", "notes.md"}));
  EXPECT_EQ(facts_of(answer({"check", "traces/layers"}))["NPUs"], "4");
}

TEST_F(Files, TracesAreOptimised) {
  export_traces();
  const json best = answer(
      {"optimize", "--workload", "traces", "--network", "Ring(4)_Switch(2)", "--budget", "100", "Perf"});
  const json model = answer({"optimize", "Ring(4)_Switch(2)", "100", "./model.yaml", "Perf"});
  EXPECT_NEAR(best["objective"].get<double>(), model["objective"].get<double>(), 1e-6);
}

struct Refused {
  std::vector<std::string> words;
  std::string message;
};

TEST_F(Files, WrongArgumentsAreOneLine) {
  folder.write("empty", "");
  folder.write("blue.yaml", "colour: blue\n");
  folder.write("typo.json", R"({"memory-type": "PER_NPU", "remote-mem-bw": 50})");
  const std::vector<Refused> all = {
      {{"check", "nowhere"}, "nowhere: no such file, folder or prefix of traces"},
      {{"check", "."}, "holds no traces (NAME.0.et, NAME.1.et, ...)"},
      {{"check", "empty"}, "empty: is empty"},
      {{"check", "blue.yaml"}, "is none of the formats that can be read"},
      {{"check", "typo.json"}, "memory-type: 'PER_NPU', expected"},
      {{"check", "net.yml", "--library", "net.yml"}, "--library is for traces"},
      {{"import", "net.yml", "-o", "no/where.yaml"}, "no/where.yaml"},
      {{"export", "./model.yaml", "-o", "out"}, "--npus is missing"},
      {{"export", "./model.yaml", "--npus", "6", "-o", "out"}, "does not divide"},
      {{"export", "./model.yaml", "--npus", "8", "--to", "chackra", "-o", "out"}, "did you mean 'chakra'?"},
      {{"export", "./model.yaml", "--npus", "8", "-o", "net.yml"},
       "net.yml: cannot be written: Not a directory"},
      {{"simulate", "--workload", "nowhere", "--network", "net.yml"}, "nowhere"},
      {{"simulate", "--workload", "layers.txt"}, "--workload needs a network"},
      {{"simulate", "--workload", "net.yml", "--network", "net.yml"}, "expected traces or a layer text"}};
  for (const Refused& line : all) {
    const Finished finished = run(line.words);
    EXPECT_EQ(finished.status, 2) << line.message << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(line.message));
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
    EXPECT_EQ(finished.out, "");
  }
}

}  // namespace
}  // namespace bandwright
