#include "experiment/inputs.h"

#include <fmt/format.h>

#include <fstream>
#include <set>

#include "core/fields.h"
#include "core/io/files.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "formats/chakra/trace_files.h"
#include "formats/detect.h"
#include "formats/load.h"
#include "study/job/job_step.h"

namespace bandwright {
namespace {

// The cache's entry for `key`, made by `load` when it is not there.
template <class Key, class Value, class Load>
const Value& once(std::map<Key, Value>& cache, const Key& key, const YamlValue& word, Load load) {
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  return cache.emplace(key, word.parsed("a name or a file", load)).first->second;
}

Workload load_table(const std::string& word, const std::string& tables) {
  Workload workload = load_workload(word, Prefer::Tables);
  if (std::holds_alternative<WorkloadFiles>(workload)) return workload;
  auto* table = std::get_if<Model>(&workload);
  if (table == nullptr) {
    throw InputError(
        fmt::format("{} is {}: it needs `machines` and `npus`, not a network", word, kind_of(workload)));
  }
  return tables == "fused" ? fuse_weight_gradients(std::move(*table)) : std::move(*table);
}

Workload load_foreign(std::string_view word) {
  const Sample sample = sample_of(word);
  if (sample.traces || sample.layers) return WorkloadFiles{std::string(word)};
  throw InputError(fmt::format("{} is {}, expected traces or a layer text", printable(std::string(word)),
                               format_of(sample).help));
}

Workload load_for_machine(std::string_view word) {
  Workload workload = load_workload(std::string(word));
  if (std::holds_alternative<WorkloadFiles>(workload)) {
    throw InputError(fmt::format("{} brings a step of its own: it needs `networks`, not a machine and `npus`",
                                 printable(std::string(word))));
  }
  return workload;
}

// Of any bytes, however many.
std::string hash_of_file(const std::filesystem::path& file) {
  std::ifstream stream(plain_file(file), std::ios::binary);
  std::string part(std::size_t{1} << 20, '\0');
  std::string hashes;
  while (stream.read(part.data(), static_cast<std::streamsize>(part.size())) || stream.gcount() > 0) {
    hashes += content_hash(std::string_view(part).substr(0, static_cast<std::size_t>(stream.gcount())));
  }
  if (!stream.eof()) throw InputError(Place{file.string()}, "cannot be read");
  return content_hash(hashes);
}

// What a network's file says beyond the network, which traces are played with.
std::string rates_of(const LoadedNetwork& network) {
  std::string text;
  for (const Bandwidth b : network.bandwidth) text += fmt::format("{} GB/s ", b.value());
  for (const Time latency : network.latency) text += fmt::format("{} ps ", latency.value());
  return text;
}

std::string content_of(const AstraSimSystem& system) {
  return fmt::format("{} peak {} memory {}", library_fields().content(system.library),
                     system.peak ? system.peak->value() : 0.0, system.memory.value());
}

}  // namespace

template <class Input, class Content>
const Input& ExperimentInputs::identified(const Input& input, Content content) {
  std::string& identity = identities_[&input];
  if (identity.empty()) identity = content_hash(content(input));
  return input;
}

const Network& ExperimentInputs::identified(const Network& network) {
  return identified(network, [](const Network& each) { return network_fields().content(each); });
}

const Network& ExperimentInputs::network(const YamlValue& word, const std::string& classes) {
  const std::string key = word.as_string() + '\n' + classes;
  return identified(once(networks_, key, word, [&](std::string_view text) {
    Network network = bandwright::network_of(Job{.network = std::string(text), .classes = classes});
    if (!load_any_network(text).bandwidth.empty()) bring_bandwidth_.emplace(text);
    return network;
  }));
}

bool ExperimentInputs::brings_bandwidth(const std::string& network) const {
  return bring_bandwidth_.contains(network);
}

const Network& ExperimentInputs::in_switches(const Network& network) {
  Network switches = network;
  for (Dimension& dimension : switches.dimensions) dimension.kind = &dimension_kind("Switch");
  return identified(
      networks_.emplace("switches for " + identity(&network), std::move(switches)).first->second);
}

const Workload& ExperimentInputs::table(const YamlValue& word, const std::string& tables) {
  const Workload& loaded = once(tables_, std::pair(word.as_string(), tables), word,
                                [&](std::string_view text) { return load_table(std::string(text), tables); });
  return identified(loaded, [](const Workload& workload) {
    const auto* table = std::get_if<Model>(&workload);
    return table != nullptr ? layer_table_fields().content(*table) : workload_name(workload);
  });
}

const Workload& ExperimentInputs::files(const YamlValue& word) {
  return identified(once(models_, "files " + word.as_string(), word, load_foreign), workload_name);
}

const Workload& ExperimentInputs::model(const YamlValue& word) {
  const Workload& loaded = once(models_, word.as_string(), word, load_for_machine);
  return identified(loaded, [&](const Workload& model) {
    const auto* transformer = std::get_if<TransformerArchitecture>(&model);
    return transformer != nullptr ? architecture_fields().content(*transformer)
                                  : read_text_file(workload_file(word.as_string()));
  });
}

const Machine& ExperimentInputs::machine(const YamlValue& word) {
  const Machine& loaded =
      once(machines_, word.as_string(), word, [](std::string_view text) { return load_machine(text); });
  return identified(loaded, [](const Machine& machine) {
    return machine_fields().content(machine) + read_text_file(inputs_folder() / "calibration.yaml");
  });
}

const Network& ExperimentInputs::network_of(const Machine& machine, std::int64_t npus) {
  const std::string key = fmt::format("{} NPUs of {}", npus, identity(&machine));
  const auto found = networks_.find(key);
  if (found != networks_.end()) return found->second;
  return identified(networks_.emplace(key, machine.network(npus)).first->second);
}

const Library& ExperimentInputs::library(const YamlValue& word) {
  return identified(once(libraries_, word.as_string(), word,
                         [](std::string_view text) { return load_any_system(text).library; }),
                    [](const Library& library) { return library_fields().content(library); });
}

const Library& ExperimentInputs::library(const Job& job) {
  const std::string key = fmt::format("{}\n{}\n{}", job.library, job.chunks, job.scheduler);
  auto found = libraries_.find(key);
  if (found == libraries_.end()) found = libraries_.emplace(key, library_of(job)).first;
  return identified(found->second, [](const Library& library) { return library_fields().content(library); });
}

const std::string& ExperimentInputs::content_of_files(const Job& job, std::int64_t npus) {
  std::string key = std::to_string(npus);
  for (std::string Job::*const word :
       {&Job::workload, &Job::network, &Job::library, &Job::groups, &Job::communicator, &Job::memory}) {
    key += '\n' + job.*word;
  }
  if (const auto found = files_.find(key); found != files_.end()) return found->second;
  std::set<std::filesystem::path> files;  // a single trace stands for all NPUs
  if (sample_of(job.workload).traces) {
    const std::vector<std::filesystem::path> traces = trace_files(job.workload, static_cast<int>(npus));
    files.insert(traces.begin(), traces.end());
    if (job.groups.empty()) files.insert(groups_beside(traces.front()));
  } else {
    files.insert(job.workload);
  }
  for (const std::string& file : {job.groups, job.communicator, job.memory}) files.insert(file);
  std::string content = rates_of(load_any_network(job.network));
  if (!job.library.empty()) content += content_of(load_any_system(job.library));
  for (const std::filesystem::path& file : files) {
    if (!file.empty()) content += '\n' + hash_of_file(file);
  }
  return files_.emplace(key, content_hash(content)).first->second;
}

const PriceList& ExperimentInputs::prices(const YamlValue& word) {
  return identified(
      once(prices_, word.as_string(), word, [](std::string_view text) { return load_price_list(text); }),
      [](const PriceList& prices) { return price_list_fields().content(prices); });
}

const ShareTable& ExperimentInputs::shares(const YamlValue& word) {
  return once(shares_, word.as_string(), word, [](std::string_view text) {
    return read_share_table(YamlValue::load(input_file("allocations", text, "table of shares")));
  });
}

}  // namespace bandwright
