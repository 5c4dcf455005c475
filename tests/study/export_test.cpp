// What is exported and read again takes the same time.
#include "study/export.h"

#include <gtest/gtest.h>

#include "core/fields.h"
#include "core/stopping.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/chakra/chakra_export.h"
#include "formats/import.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/event_driven.h"
#include "study/job/file_step.h"
#include "study/simulate.h"
#include "tests/experiment/support.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

// Two layers with tensor parallelism in groups of 4.
Model small_model() {
  const auto call = [](Axis axis, CollectiveKind kind, std::int64_t size) {
    return Communication{axis, {kind, bytes(size)}};
  };
  Line first{.name = "attention",
             .forward = {nanoseconds(1234.567), call(Axis::Tensor, CollectiveKind::AllReduce, 1 << 20)},
             .input_gradient = {nanoseconds(2000), call(Axis::Tensor, CollectiveKind::AllGather, 1 << 18)},
             .weight_gradient = {nanoseconds(3000), call(Axis::Data, CollectiveKind::AllReduce, 5 << 20)}};
  Line second = first;
  second.name = "mlp \"wide\"";
  second.checkpoint = true;
  return {.name = "small", .tensor_parallel = 4, .lines = {first, second}};
}

Time event_driven(const Step& graph, const Network& network) {
  const Library library = load_library("ideal");
  const std::vector<double> bandwidth(network.dimensions.size(), 50.0);
  return simulate_folded({graph, network, library, bandwidth, library.after_collective}).step_time;
}

class Export : public testing::TestWithParam<const char*> {
 protected:
  const TemporaryFolder folder;
};

TEST_P(Export, TracesTakeTheTimeOfTheModel) {
  const Network network = parse_network(GetParam());
  const Step graph = build_step(small_model(), network, training_loop("NoOverlap"), {});
  write_traces(graph, network, folder / "traces", "small");
  const FileStep step =
      load_files({.workload = (folder / "traces").string(), .network = GetParam(), .library = "ideal"},
                 {.budget = 50.0 * network.size()});
  EXPECT_EQ(event_driven(step.graph, step.network), event_driven(graph, network));
  EXPECT_EQ(step.nodes, graph.operations.size() * static_cast<std::size_t>(network.npus()));
}

INSTANTIATE_TEST_SUITE_P(Networks, Export,
                         testing::Values("Switch(16)", "Ring(4)_Switch(8)",
                                         "Ring(2)_FullyConnected(4)_Switch(4)"));

// On a machine's links traces and layer texts take what their table takes on the machine.
TEST_F(Export, FilesTakeAMachinesLinks) {
  const Network network = load_machine("dgx-h100").network(32);
  for (const char* name : {"17B", "175B"}) {
    const Step graph = build_step(load_model(name), network, training_loop("NoOverlap"), {});
    write_traces(graph, network, folder / name, name);
    for (const char* bandwidth : {"", "300,25"}) {
      Job table{.model = name, .machine = "dgx-h100", .npus = "32", .bandwidth = bandwidth};
      Job traces = table;
      traces.model.clear();
      traces.workload = (folder / name).string();
      for (const bool closed : {false, true}) {
        EXPECT_NEAR(to_ns(simulate(traces, {.closed_form = closed}).result.step_time),
                    to_ns(simulate(table, {.closed_form = closed}).result.step_time), 1.0)
            << name << " " << bandwidth << " " << closed;
      }
      const std::optional<double> cost_usd = simulate(traces, {}).cost_usd;
      traces.library = "astra1";  // counts in GiB/s on networks
      EXPECT_EQ(simulate(traces, {}).cost_usd, cost_usd);
      traces.library.clear();
      traces.tp = "8";
      EXPECT_THROW(simulate(traces, {}), InputError);  // the division is the traces'
    }
  }
}

// The built-in models: data parallel alone, and with tensor parallelism that breaks a dimension.
TEST_F(Export, BuiltInModelsTakeTheirTime) {
  for (const char* name : {"17B", "175B"}) {
    const Network network = parse_network("Ring(8)_Switch(4)");
    Model model = load_model(name);
    const Step graph = build_step(model, network, training_loop("NoOverlap"), {});
    write_traces(graph, network, folder / name, name);
    const FileStep traces =
        load_files({.workload = (folder / name).string(), .network = "Ring(8)_Switch(4)", .library = "ideal"},
                   {.budget = 100.0});
    EXPECT_EQ(event_driven(traces.graph, network), event_driven(graph, network)) << name;
    ASSERT_TRUE(traces.ranks);
    EXPECT_EQ(traces.ranks->kinds.size(), 1U);
    write_file(folder / (std::string(name) + ".txt"), write_layer_text(model));
    const FileStep layers = load_files({.workload = (folder / (std::string(name) + ".txt")).string(),
                                        .network = "Ring(8)_Switch(4)",
                                        .library = "ideal"},
                                       {.budget = 100.0});
    const Step recomputed =
        build_step(model, network, training_loop("NoOverlap"), {.recompute = Recompute::Full});
    EXPECT_EQ(event_driven(layers.graph, network), event_driven(recomputed, network)) << name;
  }
}

// Times of a layer text are whole nanoseconds; here they are.
TEST_F(Export, LayerTextsTakeTheTimeOfTheModel) {
  Model model = small_model();
  for (Line& line : model.lines) line.forward.compute = nanoseconds(1234);
  const Network network = parse_network("Ring(4)_Switch(8)");
  write_file(folder / "small.txt", write_layer_text(model));
  const FileStep step = load_files(
      {.workload = (folder / "small.txt").string(), .network = "Ring(4)_Switch(8)"}, {.budget = 100.0});
  const Step graph = build_step(model, network, training_loop("NoOverlap"), {.recompute = Recompute::Full});
  EXPECT_EQ(event_driven(step.graph, network), event_driven(graph, network));
}

TEST_F(Export, ImportedLayerTextsAreTheModel) {
  Model model = small_model();
  for (Line& line : model.lines) {
    line.forward.compute = nanoseconds(1234);
    line.name.erase(std::remove(line.name.begin(), line.name.end(), ' '), line.name.end());
  }
  write_file(folder / "small.txt", write_layer_text(model));
  const std::string yaml = imported(sample_of(folder / "small.txt"));
  EXPECT_NE(yaml.find("# From small.txt: ASTRA-sim 1.0's or LIBRA's layer text."), std::string::npos);
  const Model read = read_model(YamlValue::parse(yaml, "small.yaml"));
  EXPECT_EQ(layer_table_fields().content(read), layer_table_fields().content(model));
}

// A chain without overlap: the imported table's step is the trace's.
TEST_F(Export, ImportedTracesTakeTheTimeOfTheModel) {
  const Network network = parse_network("Switch(16)");
  const Step graph = build_step(small_model(), network, training_loop("NoOverlap"), {});
  write_traces(graph, network, folder / "traces", "small");
  const Model read = read_model(YamlValue::parse(imported(sample_of(folder / "traces")), "small.yaml"));
  EXPECT_EQ(event_driven(build_step(read, network, training_loop("NoOverlap"), {}), network),
            event_driven(graph, network));
}

// Of 8 NPUs, as each trace is there; asked to end after three, it leaves no folder.
TEST_F(Export, TellsHowManyTracesAreWrittenAndEndsWhenAsked) {
  const TableTraining training = table_training({.model = "17B"}, load_model("17B"), Library());
  std::vector<std::int64_t> told;
  export_tables({&training, 1}, 8, export_formats().front(), folder / "whole",
                [&](std::int64_t done, std::int64_t total) {
                  told.push_back(done);
                  EXPECT_EQ(total, 8);
                });
  EXPECT_EQ(told, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8}));

  std::stop_source stop;
  const StopScope scope(stop.get_token());
  EXPECT_THROW(export_tables({&training, 1}, 8, export_formats().front(), folder / "part",
                             [&](std::int64_t done, std::int64_t /*total*/) {
                               if (done == 3) stop.request_stop();
                             }),
               Stopped);
  EXPECT_FALSE(std::filesystem::exists(folder / "part"));
  EXPECT_TRUE(std::filesystem::exists(folder / "whole"));
}

}  // namespace
}  // namespace bandwright
