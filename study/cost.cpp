#include "study/cost.h"

#include <fmt/format.h>

#include <array>

#include "formats/load.h"
#include "study/job/bandwidths.h"
#include "study/job/built_machine.h"
#include "study/job/job_options.h"
#include "study/job/job_step.h"
#include "study/job/training.h"

namespace bandwright {
namespace {

void add_built(const Job& job, NetworkGraph graph, CostAnswer& answer) {
  constexpr std::array groups = {OptionGroup::Machines, OptionGroup::Prices};
  constexpr std::array<std::string Job::*, 1> allowed = {&Job::prices};
  refuse_given(job, groups, allowed,
               "is for machines and grids: a network as it is built is billed as it is, by its own classes");
  refuse_budget_of_links(job);
  std::vector<GraphBillLine> bill = graph_bill(graph, answer.prices);
  for (const GraphBillLine& line : bill) {
    if (line.cost) continue;
    throw InputError(fmt::format("price list '{}' lacks a price of the links '{}', of class {}",
                                 answer.prices.name, graph.classes[line.link_class].name,
                                 graph.classes[line.link_class].price_class));
  }
  answer.total = *total_of(bill);
  answer.built = {std::move(graph), std::move(bill)};
}

void add_machine(const Job& job, CostAnswer& answer) {
  if (job.npus.empty()) {
    throw InputError(
        fmt::format("{} is a machine: it needs the number of its NPUs, as in --npus 512", job.machine));
  }
  if (!job.network.empty()) {
    throw InputError(
        fmt::format("the machine {} and the network {}: one or the other", job.machine, job.network));
  }
  constexpr std::array groups = {OptionGroup::Prices};
  constexpr std::array<std::string Job::*, 1> allowed = {&Job::prices};
  refuse_given(job, groups, allowed, "is for networks: a machine's links have classes of their own");
  const Machine machine = machine_of(job);
  answer.network = machine.network(read_count(job, &Job::npus));
  answer.gb_per_s = machine.gb_per_s(answer.network);
}

std::vector<double> equal_shares(const Job& job, const Network& network) {
  if (network.dimensions.empty())
    throw InputError("--npus 1: one NPU has no network to divide a budget over");
  const double budget = read_word(job, &Job::budget, parse_gb_per_s);
  return std::vector<double>(network.dimensions.size(), budget / network.size());
}

}  // namespace

CostAnswer cost(const Job& job) {
  CostAnswer answer{.prices = load_any_prices(word_of(job, &Job::prices))};
  if (std::optional<FlowNetwork> built = built_network(job, {})) {
    add_built(job, std::move(built->graph), answer);
    return answer;
  }
  if (job.npus.empty() && job.machine.empty()) {
    answer.network = network_of(job);
  } else {
    add_machine(job, answer);
  }
  if (!job.bandwidth.empty()) {
    answer.gb_per_s = read_word(
        job, &Job::bandwidth, [&](std::string_view text) { return parse_bandwidths(text, answer.network); });
  } else if (!job.budget.empty()) {
    answer.gb_per_s = equal_shares(job, answer.network);
    answer.notes.emplace_back("the budget in equal shares; `optimize` finds the best ones of a model's step");
  } else if (answer.gb_per_s.empty() && !answer.network.dimensions.empty()) {
    throw InputError("missing budget: --budget, or --bandwidth of each dimension");
  }
  answer.bill = make_bill(answer.network, answer.prices, answer.gb_per_s);
  answer.total = answer.bill.total();
  return answer;
}

}  // namespace bandwright
