#pragma once
#include <map>
#include <string>
#include <utility>

#include "collective/library.h"
#include "core/yaml.h"
#include "cost_model/price_list.h"
#include "experiment/points/allocation.h"
#include "study/job/workload.h"
#include "topology/network.h"
#include "training/machine.h"
#include "workload/model.h"

namespace bandwright {

// The networks, models, systems, price lists and tables of shares that an experiment names, each read once.
// References stay valid as long as the object lives, also when it is moved. A word that names nothing is an
// InputError at the place of the value.
class ExperimentInputs {
 public:
  const Network& network(const YamlValue& word);
  // The same grid of NPUs with a switch for every dimension.
  const Network& in_switches(const Network& network);
  // A layer table; `tables` is "split" or "fused" (weight gradients).
  const Workload& table(const YamlValue& word, const std::string& tables);
  // A model of any kind, for a machine.
  const Workload& model(const YamlValue& word);
  const Machine& machine(const YamlValue& word);
  // The network of a machine's job. Throws InputError where it cannot have so many NPUs.
  const Network& network_of(const Machine& machine, std::int64_t npus);
  const Library& library(const YamlValue& word);
  const PriceList& prices(const YamlValue& word);
  const ShareTable& shares(const YamlValue& word);

  // A hash of everything that decides results in a network, model, machine, system or price list of this
  // object.
  [[nodiscard]] const std::string& identity(const void* input) const { return identities_.at(input); }

 private:
  // Notes the identity of what was read.
  template <class Input, class Content>
  const Input& identified(const Input& input, Content content);
  const Network& identified(const Network& network);

  std::map<std::string, Network> networks_;
  std::map<std::pair<std::string, std::string>, Workload> tables_;
  std::map<std::string, Workload> models_;
  std::map<std::string, Machine> machines_;
  std::map<std::string, Library> libraries_;
  std::map<std::string, PriceList> prices_;
  std::map<std::string, ShareTable> shares_;
  std::map<const void*, std::string> identities_;
};

}  // namespace bandwright
