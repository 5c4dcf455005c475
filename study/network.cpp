#include "study/network.h"

#include <algorithm>

#include "formats/load.h"
#include "formats/load_graph.h"
#include "network/cut.h"
#include "study/job/job_options.h"

namespace bandwright {

NetworkAnswer network(const Job& job) {
  GraphDefaults defaults;
  if (!job.bandwidth.empty()) defaults.bandwidth = Bandwidth(read_word(job, &Job::bandwidth, parse_gb_per_s));
  require_graph(job.network);
  const PriceList prices = load_any_prices(word_of(job, &Job::prices));
  NetworkAnswer answer{.graph = load_graph(job.network, defaults), .prices = prices.name};
  for (const GraphNode& node : answer.graph.nodes) {
    answer.switches += node.kind == NodeKind::Switch ? 1 : 0;
    answer.ports += node.kind == NodeKind::Port ? 1 : 0;
  }
  answer.failed = std::count_if(answer.graph.links.begin(), answer.graph.links.end(),
                                [](const GraphLink& link) { return link.failed; });
  answer.between_halves = between_halves(answer.graph);
  answer.bill = graph_bill(answer.graph, prices);
  answer.cost = total_of(answer.bill);
  return answer;
}

}  // namespace bandwright
