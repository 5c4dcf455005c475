// Estimates of jobs drawn at random over models, machines and options, as they were.
#include <algorithm>
#include <stdexcept>

#include "core/text.h"
#include "study/estimate.h"
#include "study/job/job_options.h"
#include "tests/support/as_it_was.h"

namespace bandwright {
namespace {

// "MODEL MACHINE --tp 8 --whole-graphs": an option without a value is a flag.
Job job_of(const std::string& words) {
  const std::vector<std::string_view> typed = split(words, ' ');
  Job job{.model = std::string(typed.at(0)), .machine = std::string(typed.at(1))};
  for (std::size_t i = 2; i < typed.size(); ++i) {
    std::string key(typed[i].substr(2));
    std::ranges::replace(key, '-', '_');
    const JobOption* option = find_job_option(key);
    if (option == nullptr) throw std::invalid_argument(key);
    job.*option->word = option->type.empty() ? "true" : std::string(typed.at(++i));
  }
  return job;
}

TEST(Estimates, AreWhatTheyWere) {
  expect_as_it_was("estimates", 1e-7, [](const std::string& words) {
    const EstimateAnswer answer = estimate(job_of(words));
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
