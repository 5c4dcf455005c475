#include "study/cost.h"

#include "formats/load.h"
#include "study/job/bandwidths.h"
#include "study/job/job_options.h"
#include "study/job/job_step.h"
#include "study/job/training.h"

namespace bandwright {

CostAnswer cost(const Job& job) {
  CostAnswer answer;
  if (job.npus.empty()) {
    answer.network = network_of(job);
  } else {
    const Machine machine = machine_of(job);
    answer.network = machine.network(read_count(job, &Job::npus));
    answer.gb_per_s = machine.gb_per_s(answer.network);
  }
  answer.prices = load_any_prices(word_of(job, &Job::prices));
  if (!job.bandwidth.empty()) {
    answer.gb_per_s = read_word(
        job, &Job::bandwidth, [&](std::string_view text) { return parse_bandwidths(text, answer.network); });
  }
  answer.bill = make_bill(answer.network, answer.prices, answer.gb_per_s);
  return answer;
}

}  // namespace bandwright
