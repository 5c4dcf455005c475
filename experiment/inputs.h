#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>

#include "collective/library.h"
#include "core/yaml.h"
#include "cost_model/price_list.h"
#include "experiment/points/allocation.h"
#include "study/job/job.h"
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
  // `classes`: the price class of each dimension, as --classes has them; "": the file's.
  const Network& network(const YamlValue& word, const std::string& classes);
  // The same grid of NPUs with a switch for every dimension.
  const Network& in_switches(const Network& network);
  // A layer table, with its weight gradients "split" or "fused", or files of other tools: what a network
  // takes.
  const Workload& table(const YamlValue& word, const std::string& tables);
  // Traces or a layer text.
  const Workload& files(const YamlValue& word);
  // A model of any kind, for a machine.
  const Workload& model(const YamlValue& word);
  const Machine& machine(const YamlValue& word);
  // The network of a machine's job. Throws InputError where it cannot have so many NPUs.
  const Network& network_of(const Machine& machine, std::int64_t npus);
  const Library& library(const YamlValue& word);
  // The same in a job's chunks and order.
  const Library& library(const Job& job);
  const PriceList& prices(const YamlValue& word);
  const ShareTable& shares(const YamlValue& word);

  // A hash of everything that decides results in a network, model, machine, system or price list of this
  // object.
  [[nodiscard]] const std::string& identity(const void* input) const { return identities_.at(input); }

  // Whether a network of this name, which has been read, has bandwidths of its own in its file.
  [[nodiscard]] bool brings_bandwidth(const std::string& network) const;
  // A hash of what other tools' files say of a job: traces of so many NPUs, or a layer text, and the files
  // beside them. Throws InputError where they cannot be read.
  const std::string& content_of_files(const Job& job, std::int64_t npus);

 private:
  // Notes the identity of what was read.
  template <class Input, class Content>
  const Input& identified(const Input& input, Content content);
  const Network& identified(const Network& network);

  std::map<std::string, Network> networks_;
  std::set<std::string> bring_bandwidth_;
  std::map<std::pair<std::string, std::string>, Workload> tables_;
  std::map<std::string, Workload> models_;
  std::map<std::string, Machine> machines_;
  std::map<std::string, Library> libraries_;
  std::map<std::string, PriceList> prices_;
  std::map<std::string, ShareTable> shares_;
  std::map<std::string, std::string> files_;
  std::map<const void*, std::string> identities_;
};

}  // namespace bandwright
