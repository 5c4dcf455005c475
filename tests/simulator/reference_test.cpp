#include <gtest/gtest.h>

#include "cost_model/bill.h"
#include "simulator/event_driven.h"
#include "tests/support/reference_csv.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

// "Ring_Switch" of "8_128" NPUs.
std::string shorthand(const ReferenceRow& row) {
  const auto kinds = split(row.at("topologies"), '_');
  const auto npus = split(row.at("npus_per_dim"), '_');
  std::string text;
  for (std::size_t d = 0; d < kinds.size(); ++d) {
    text += (d == 0 ? "" : "_") + std::string(kinds[d]) + "(" + std::string(npus[d]) + ")";
  }
  return text;
}

struct Replayed {
  StepResult result;
  double cost_artifact = 0.0;
  double cost_backend = 0.0;
};

std::vector<std::string> classes(const ReferenceRow& row) {
  std::vector<std::string> names;
  for (const std::string_view name : split(row.at("dimension_types"), '_')) {
    names.emplace_back(name == "N" ? "Node" : name);
  }
  return names;
}

Replayed replay(const ReferenceRow& row) {
  const Network network = parse_network(shorthand(row), classes(row));
  const Library library = load_library("astra1");
  std::vector<double> bandwidth = numbers(row.at("link_bandwidth_GiBps"));
  const std::vector<double> links = numbers(row.at("links_per_dim"));
  for (std::size_t d = 0; d < bandwidth.size(); ++d) bandwidth[d] *= links[d];

  const bool lone = row.at("workload") == "microAllReduce";
  const TrainingLoop& loop = training_loop(row.at("variant") == "old" ? "NoOverlap" : "Overlap");
  const Step graph = lone ? lone_collective(network, {CollectiveKind::AllReduce, Bytes(1 << 20)})
                          : build_step(fuse_weight_gradients(load_model(row.at("workload").substr(12))),
                                       network, loop, loop_options(library, loop, Recompute::Full));
  const Time after = lone ? library.after_lone_collective : library.after_collective;
  return {simulate_folded({graph, network, library, bandwidth, after}),
          make_bill(network, load_price_list("artifact"), bandwidth).total().value(),
          make_bill(network, load_price_list("astra1"), bandwidth).total().value()};
}

double exposed_us(const StepResult& result, std::string_view group) {
  for (const GroupExposure& exposure : result.groups) {
    if (exposure.group == group) return to_us(exposure.exposed);
  }
  return 0.0;
}

// Every run of the reference simulator, from the row's own columns, to its last digit of a nanosecond.
TEST(Reference, ReplaysEveryRun) {
  const std::vector<ReferenceRow> rows = reference_rows("astra_sim_1_runs");
  for (const ReferenceRow& row : rows) {
    SCOPED_TRACE(row.at("variant") + " " + row.at("workload") + " " + shorthand(row) + " " +
                 row.at("link_bandwidth_GiBps"));
    const Replayed replayed = replay(row);
    const StepResult& result = replayed.result;
    const auto value = [&](const char* column) { return std::stod(row.at(column)); };
    constexpr double last_digit = 1e-3 * (1 + 1e-9);  // us
    EXPECT_NEAR(to_us(result.step_time), value("total_time_us"), last_digit);
    EXPECT_NEAR(to_us(result.compute_time), value("compute_time_us"), last_digit);
    const double dp = exposed_us(result, "DP") + exposed_us(result, "world");
    EXPECT_NEAR(dp, value("dp_comm_us"), last_digit);
    EXPECT_NEAR(to_us(result.exposed_communication) - dp, value("mp_comm_us"), last_digit);
    const std::vector<double> payload = numbers(row.at("payload_MiB_per_dim"));
    for (std::size_t d = 0; d < payload.size(); ++d) {
      EXPECT_NEAR(result.dimensions[d].bytes / 1048576.0, payload[d], 6e-7);
    }
    EXPECT_NEAR(replayed.cost_artifact, value("cost_usd_costjson"), 1e-9 * replayed.cost_artifact);
    EXPECT_NEAR(replayed.cost_backend, value("cost_usd_backend_c7315cb"), 1e-9 * replayed.cost_backend);
  }
}

}  // namespace
}  // namespace bandwright
