#pragma once
#include <map>
#include <string>
#include <utility>

#include "collective/system.h"
#include "core/yaml.h"
#include "cost_model/price_list.h"
#include "experiment/allocation.h"
#include "topology/network.h"
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
  // `tables` is "split" or "fused" (weight gradients).
  const Model& model(const YamlValue& word, const std::string& tables);
  const System& system(const YamlValue& word);
  const PriceList& prices(const YamlValue& word);
  const ShareTable& shares(const YamlValue& word);

 private:
  std::map<std::string, Network> networks_;
  std::map<std::pair<std::string, std::string>, Model> models_;
  std::map<std::string, System> systems_;
  std::map<std::string, PriceList> prices_;
  std::map<std::string, ShareTable> shares_;
};

// Every member of an input, as text: what a point's identity is made of.
std::string content(const Network& network);
std::string content(const Model& model);
std::string content(const System& system);
std::string content(const PriceList& prices);

}  // namespace bandwright
