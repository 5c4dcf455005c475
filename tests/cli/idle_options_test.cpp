// An option that would do nothing where it stands is refused: whoever typed it believes that it does
// something.
#include <gtest/gtest.h>

#include <array>

#include "tests/cli/refusal.h"

namespace bandwright {
namespace {

const std::array idle_options = {
    Line{{"optimize", "4D", "325", "175B", "Perf", "--tp", "4"}, "--tp needs --npus"},
    Line{{"optimize", "4D", "325", "175B", "Perf", "--sequence-parallel"},
         "--sequence-parallel needs --npus"},
    Line{{"optimize", "4D", "325", "175B", "Perf", "--tiers", "hbm-ddr"}, "--tiers needs --npus"},
    Line{{"optimize", "4D", "325", "175B", "Perf", "--system", "dgx-a100"}, "which is a machine"},
    Line{{"optimize", "4D", "325", "175B", "Perf", "--communicator", "c.yml"},
         "--communicator needs --workl"},
    Line{{"optimize", "dgx-a100", "325", "gpt-1.7b", "Perf", "--npus", "8", "--classes", "Pod,Tile"},
         "--classes is for networks: a machine's links"},
    Line{{"optimize", "dgx-a100", "325", "gpt-1.7b", "Perf", "--npus", "8", "--compute-scale", "2"},
         "--compute-scale is for layer tables; gpt-1.7b is a transformer"},
    Line{{"optimize", "4D", "325", "Perf", "--workload", "g.txt", "--recompute", "full"},
         "--workload and --recompute: one or the other"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--cost", "a.yml", "--prices", "ispass"},
         "--cost and --prices: one or the other"},
    Line{{"simulate", "4D", "325", "175B", "--pp", "4", "--zero", "3"}, "--pp needs --npus"},
    Line{{"simulate", "dgx-a100", "gpt-1.7b", "--npus", "1024", "--fast", "1GB"}, "--fast needs --tiers"},
    Line{{"simulate", "4D", "300", "--size", "1GB", "175B"}, "--size needs --collective"},
    Line{{"simulate", "4D", "300", "175B", "--memory", "m.json"}, "--memory needs --workload"},
    Line{{"simulate", "4D", "175B", "--bandwidth", "1,2,3,4", "--allocation", "equal"},
         "--bandwidth and --allocation: one or the other"},
    Line{{"simulate", "dgx-a100", "gpt-1.7b", "--npus", "8", "--allocation", "equal"},
         "--allocation needs a budget"},
    Line{{"simulate", "3D", "300", "--collective", "all-reduce", "--size", "1 MB", "--model", "17B"},
         "--collective and --model: one or the other"},
    Line{{"simulate", "4D", "300", "17B", "--engine", "closed", "--chunks", "8"},
         "--chunks is for the event-driven engine"},
    Line{{"simulate", "4D", "300", "17B", "--own-links"}, "--own-links is for --engine closed"},
    Line{{"estimate", "gpt-1.7b", "--npus", "8", "--fast", "10GB"}, "--fast needs --tiers"},
    Line{{"estimate", "gpt-1.7b", "--npus", "8", "--offload", "static"}, "--offload needs --tiers"},
    Line{{"estimate", "gpt-1.7b", "--npus", "8", "--bandwidth", ""},
         "--bandwidth: '' is empty, expected LIST"},
    Line{{"estimate", "dgx-h100", "--model", "gpt-1.7b", "--npus", "8", "--machine", "dgx-a100"},
         "unknown argument 'dgx-h100': the machine is dgx-a100"},
    Line{{"cost", "2D", "--bandwidth", "1,2", "--classes", ""}, "--classes: '' is empty"},
    Line{{"place", "vgg19", "--tp", "4"}, "--tp is for transformers, and vgg19 is none"},
    Line{{"place", "--kernels", "k.csv", "--system", "dgx-a100"}, "--machine is for transformers"},
    Line{{"place", "vgg19", "--window", "4"}, "--window is for the policy asynchronous"},
    Line{{"place", "vgg19", "--plot-folder", "pictures"}, "--plot-folder needs --plot"},
    Line{{"scale", "measure", "--workers", "1", "--partition", "gpu", "--", "true"},
         "--partition needs --slurm"},
    Line{{"scale", "trials", "--jobs", "4", "--workers", "1", "--duration", "1 s", "--eta", "3"},
         "--eta is for --scheduler asha"},
    Line{{"scale", "simulate", "llama3-8b", "--machine", "dgx-h100", "--npus", "8", "--one-worker-rate", "9"},
         "--one-worker-rate is for image models"},
    Line{{"scale", "simulate", "llama3-8b", "--machine", "dgx-h100", "--npus", "8", "--loop", "Overlap"},
         "--loop is for layer tables"},
    Line{{"evaluate", "small", "--dry-run", "--force"}, "--dry-run and --force: one or the other"},
    Line{{"evaluate", "small", "--engine", "closed-form", "--npu-fidelity", "full"},
         "--npu-fidelity full is for the event-driven engine"},
    Line{{"export", "17B", "--to", "astra-sim-1", "--npus", "8", "-o", "."}, "--npus is for --to chakra"},
    Line{{"plot", "timeline", "step.json", "--view", "all"}, "--view is for experiments, not for timelines"},
};

TEST(IdleOptions, AreRefused) { expect_each_refused(idle_options); }

}  // namespace
}  // namespace bandwright
