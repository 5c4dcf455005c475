#include "simulator/closed_form.h"

#include <gtest/gtest.h>

#include <array>

#include "workload/training_loop.h"

namespace bandwright {
namespace {

ClosedForm compile(std::string_view network, std::string_view model, std::string_view loop,
                   const LoopOptions& options = {}) {
  const Network net = load_network(network);
  return {build_step(load_model(model), net, training_loop(loop), options), net.size()};
}

// The 4D optimum and equal split of the LIBRA paper's Table VI, 325 GB/s per NPU (the equal split is 81.25
// each).
TEST(ClosedForm, TableViEqualSplit) {
  const std::array<double, 4> equal = {81.25, 81.25, 81.25, 81.25};
  EXPECT_NEAR(compile("4D", "175B", "NoOverlap").step_time_ns(equal) * 1e-6, 783.408, 5e-4);
  EXPECT_NEAR(compile("4D", "175B", "Overlap").step_time_ns(equal) * 1e-6, 734.111, 5e-4);
  EXPECT_NEAR(compile("4D", "1T", "NoOverlap").step_time_ns(equal) * 1e-6, 264.077, 5e-4);
  EXPECT_NEAR(compile("4D", "1T", "Overlap").step_time_ns(equal) * 1e-6, 234.066, 5e-4);
}

}  // namespace
}  // namespace bandwright
