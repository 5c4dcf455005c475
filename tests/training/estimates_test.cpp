// Estimates of jobs drawn at random over models, machines and options, as they were.
#include "study/estimate.h"
#include "tests/support/as_it_was.h"
#include "tests/support/typed_job.h"

namespace bandwright {
namespace {

TEST(Estimates, AreWhatTheyWere) {
  expect_as_it_was("estimates", 1e-7, [](const std::string& words) {
    const EstimateAnswer answer = estimate(typed_job(words));
    const auto& [job, result, interval, offload, notes] = std::get<TransformerEstimate>(answer);
    double hidden_ns = 0.0;
    for (const BreakdownLine& line : result.breakdown) hidden_ns += line.hidden_ns;
    std::vector<std::string> cells = {words};
    for (const double number : {1e-3 * result.step_ns, 1e-3 * result.exposed_communication_ns(),
                                1e-3 * hidden_ns, 1e-3 * interval.low_ns, 1e-3 * interval.high_ns,
                                result.memory.total(), result.memory.offloaded, result.mfu, result.hfu}) {
      cells.push_back(fmt::format("{:.9g}", number));
    }
    cells.push_back(result.remedy);
    return cells;
  });
}

}  // namespace
}  // namespace bandwright
