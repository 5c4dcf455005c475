#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collective/collective.h"
#include "core/units.h"
#include "core/yaml.h"
#include "topology/network.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// Which waiting chunk a dimension serves first, between collectives and within one.
enum class CollectiveOrder : std::uint8_t {
  Fifo,      // the collective issued first
  Lifo,      // the one issued last, but weight gradients first come first served (the reference's rule)
  Priority,  // forward and input gradients before weight gradients
};
enum class ChunkOrder : std::uint8_t {
  Fifo,           // by arrival
  SmallestFirst,  // the shortest phase first, then by arrival
};

// What full fidelity lets messages share.
enum class NetworkModel : std::uint8_t {
  Ports,  // each NPU's port into a dimension, nothing else: what folding assumes
  Flows,  // the bandwidth of every link on the route, fairly
};

// When what a message passes through sends it on.
enum class Forwarding : std::uint8_t {
  CutThrough,  // while it is still coming in
  Whole,       // when all of it is there, as ASTRA-sim 2's congestion-aware network
};

// How a collective runs over several dimensions.
enum class Composition : std::uint8_t {
  Hierarchical,  // all-reduce: reduce-scatter up, all-reduce on the last dimension, all-gather down
  Plain,         // all-reduce: an all-reduce of everything on each dimension in turn
};

// NPUs first to last (ids, both included) that differ from the others.
struct NpuSpec {
  std::int64_t first = 0;
  std::int64_t last = -1;     // left out of a file: first
  double compute_time = 1.0;  // factor on the time of every compute operation
  double port_speed = 1.0;    // factor on the bandwidth of its ports
};

// The links a message from one NPU to another of the same dimension takes; speed 0 is a failed link.
struct LinkSpec {
  std::int64_t from = 0;
  std::int64_t to = 0;
  double speed = 1.0;  // factor on the bandwidth
};

// Which collective algorithm runs where: by the kind of dimension, and in front of that by network dimension
// and phase (empty, or one per dimension). The natural one elsewhere.
struct AlgorithmChoice {
  std::map<std::string, std::string> by_kind;
  std::vector<std::map<CollectiveKind, std::string>> by_dimension;
};

// Everything about a machine and its communication library that is not its network: the defaults are an
// ideal one, on which only bandwidth takes time.
struct Library {
  std::string name = "ideal";
  std::string help;

  // Communication.
  int chunks = 64;  // a collective is cut into
  AlgorithmChoice algorithms;
  std::string scheduler = "ascending";  // gives each chunk its order of dimensions
  Composition composition = Composition::Hierarchical;
  CollectiveOrder collectives = CollectiveOrder::Lifo;
  ChunkOrder chunk_order = ChunkOrder::Fifo;
  NetworkModel network = NetworkModel::Ports;
  Forwarding forwarding = Forwarding::CutThrough;  // of flows on a grid

  // Time.
  std::vector<Time> latency;                     // per hop: one for all dimensions, or one per dimension
  Time endpoint_delay;                           // before the first message, and after each received one
  Time message_overhead;                         // of the sender, holds its port
  std::optional<Bandwidth> reduction_bandwidth;  // of local memory; a reduction moves its bytes three times
  Time after_collective;                         // until its dependants go on, in a training step
  Time after_lone_collective;                    // the same for one collective alone
  Time bookkeeping;                              // of the training loop, per pass of a line
  bool truncate = false;  // message times to whole ns, and sizes to whole bytes, downwards (else upwards)

  // How inputs are read for it.
  bool gib = false;           // bandwidths are in GiB/s (2^30 B/s), else in GB/s (1e9 B/s)
  bool fused_tables = false;  // all weight-gradient communication in the model's first line
  double compute_scale = 1.0;

  // Parts that differ; they need full fidelity.
  std::vector<NpuSpec> npus;
  std::vector<LinkSpec> links;

  [[nodiscard]] double bytes_per_second_unit() const { return gib ? 1073741824.0 : 1e9; }
  [[nodiscard]] double unit_gb_per_s() const { return bytes_per_second_unit() / 1e9; }
  [[nodiscard]] Time latency_of(int dimension) const;
  [[nodiscard]] bool symmetric() const { return npus.empty() && links.empty(); }
  [[nodiscard]] Library all_alike() const;  // without NPUs and links that differ
};

constexpr int max_chunks = 1 << 16;

// Every key of a library file; all may be left out. `algorithms` is {Ring: ring, Switch: halving-doubling
// ...} or a list by dimension, [ring, {all-reduce: direct, all-gather: ring} ...].
const Fields<Library>& library_fields();

// Throws InputError.
Library read_library(const YamlValue& root);

// A library by what a user types: the path of a YAML file or a name of inputs/libraries.
Library load_library(std::string_view word);

}  // namespace bandwright
