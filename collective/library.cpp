#include "collective/library.h"

#include <array>
#include <span>

#include "collective/algorithm.h"
#include "collective/chunk_scheduler.h"
#include "core/choice.h"
#include "core/fields.h"
#include "core/io/paths.h"

namespace bandwright {
namespace {

constexpr std::array compositions = {
    Choice{Composition::Hierarchical, "hierarchical", "reduce-scatter up, all-gather down"},
    Choice{Composition::Plain, "plain", "everything on each dimension in turn"}};
constexpr std::array collective_orders = {
    Choice{CollectiveOrder::Fifo, "fifo", "first issued first"},
    Choice{CollectiveOrder::Lifo, "lifo", "last issued first"},
    Choice{CollectiveOrder::Priority, "priority", "weight gradients last"}};
constexpr std::array chunk_orders = {
    Choice{ChunkOrder::Fifo, "fifo", "by arrival"},
    Choice{ChunkOrder::SmallestFirst, "smallest-first", "shortest phase first"}};
constexpr std::array network_models = {Choice{NetworkModel::Ports, "ports", "senders' ports are shared"},
                                       Choice{NetworkModel::Flows, "flows", "links are shared fairly"},
                                       Choice{NetworkModel::Flows, "links", "the same"}};
constexpr std::array forwardings = {Choice{Forwarding::CutThrough, "cut-through", "while a message comes in"},
                                    Choice{Forwarding::Whole, "whole", "when all of it is there"}};
constexpr std::array units = {Choice{false, "GB/s", "1e9 B/s"}, Choice{true, "GiB/s", "2^30 B/s"}};
constexpr std::array tables = {Choice{false, "split", "weight gradients where they arise"},
                               Choice{true, "fused", "weight gradients in the first line"}};

std::string read_algorithm(const YamlValue& value) {
  return value.parsed("an algorithm",
                      [](std::string_view word) { return std::string(collective_algorithm(word).name); });
}

// Of a kind of dimension that stands before `value`.
std::string kind_name(const std::string& key, const YamlValue& value) {
  try {
    return std::string(dimension_kind(key).name);
  } catch (const InputError& error) {
    value.fail(error.what());
  }
}

std::map<CollectiveKind, std::string> read_phases(const YamlValue& item) {
  std::map<CollectiveKind, std::string> algorithms;
  std::vector<std::string_view> names;
  for (const CollectiveKindInfo& phase : collective_kinds()) names.push_back(phase.name);
  if (item.is_map()) item.require_keys(names);
  for (const CollectiveKindInfo& phase : collective_kinds()) {
    const std::optional<YamlValue> value = item.is_map() ? item.find(phase.name) : item;
    if (value) algorithms[phase.kind] = read_algorithm(*value);
  }
  return algorithms;
}

AlgorithmChoice read_algorithms(const YamlValue& value) {
  AlgorithmChoice choice;
  if (value.is_list()) {
    for (const YamlValue& item : value.items()) choice.by_dimension.push_back(read_phases(item));
    return choice;
  }
  for (const auto& [name, algorithm] : value.entries()) {
    choice.by_kind[kind_name(name, algorithm)] = read_algorithm(algorithm);
  }
  return choice;
}

YamlTree write_algorithms(const AlgorithmChoice& choice) {
  const bool by_kind = choice.by_dimension.empty();
  YamlTree tree = by_kind ? YamlTree::map() : YamlTree::list();
  for (const auto& [kind, name] : choice.by_kind) {
    if (by_kind) tree.add(kind, YamlTree::quoted(name));
  }
  for (const auto& phases : choice.by_dimension) {
    YamlTree map = YamlTree::map();
    for (const auto& [kind, name] : phases) {
      map.add(collective_name(kind), YamlTree::quoted(name));
    }
    tree.add("", std::move(map));
  }
  return tree;
}

Kind<AlgorithmChoice> algorithm_choice() {
  FieldShape shape{.form = FieldShape::Form::Either,
                   .expected = "a map by kind of dimension, or a list by dimension"};
  const FieldShape algorithm = kinds::shape_of_choice(collective_algorithms(), "an algorithm");
  FieldShape by_kind = kinds::shape_of_list(FieldShape::Form::Map, "a map", algorithm);
  for (const DimensionKind& kind : dimension_kinds()) by_kind.choices.emplace_back(kind.name);
  FieldShape by_phase = kinds::shape_of_list(FieldShape::Form::Map, "a map", algorithm);
  for (const CollectiveKindInfo& phase : collective_kinds()) by_phase.choices.emplace_back(phase.name);
  FieldShape one{.form = FieldShape::Form::Either, .expected = "an algorithm, or a map by collective"};
  one.parts = {algorithm, by_phase};
  shape.parts = {by_kind, kinds::shape_of_list(FieldShape::Form::List, "a list", one)};
  return {read_algorithms, write_algorithms, std::move(shape)};
}

const Fields<NpuSpec>& npu_spec_fields() {
  static const Fields<NpuSpec> fields =
      Fields<NpuSpec>(
          "npus", "NPUs that differ from the others",
          required("first", &NpuSpec::first, kinds::integer(0, max_npus - 1), "id of the first"),
          optional("last", &NpuSpec::last, kinds::integer(0, max_npus - 1), "and of the last; `first`"),
          optional("compute_time", &NpuSpec::compute_time, kinds::number(1e-6, 1e6),
                   "factor on the time of compute"),
          optional("port_speed", &NpuSpec::port_speed, kinds::number(1e-6, 1e6),
                   "factor on the bandwidth of its ports"))
          .rule("last", [](NpuSpec& spec) {
            if (spec.last < 0) spec.last = spec.first;
            if (spec.last < spec.first)
              throw InputError(fmt::format("{} is below first, {}", spec.last, spec.first));
          });
  return fields;
}

const Fields<LinkSpec>& link_spec_fields() {
  static const Fields<LinkSpec> fields(
      "links", "links that differ from the others",
      required("from", &LinkSpec::from, kinds::integer(0, max_npus - 1), "id of the sending NPU"),
      required("to", &LinkSpec::to, kinds::integer(0, max_npus - 1), "id of the receiving NPU"),
      required("speed", &LinkSpec::speed, kinds::number(0.0, 1e6), "factor on the bandwidth; 0: failed"));
  return fields;
}

}  // namespace

const Fields<Library>& library_fields() {
  using S = Library;
  static const Fields<S> fields = Fields<S>(
      "library", "how collectives are played",
      optional("name", &S::name, kinds::text(), "what answers call it"),
      optional("help", &S::help, kinds::text(), "one line for lists"),
      optional("chunks", &S::chunks, kinds::integer<int>(1, max_chunks), "that a collective is cut into"),
      optional("algorithms", &S::algorithms, algorithm_choice(), "where not the natural ones"),
      optional("scheduler", &S::scheduler, kinds::name_of(chunk_schedulers(), "chunk scheduler"),
               "gives each chunk its order of dimensions"),
      optional("composition", &S::composition, kinds::choice(compositions, "composition"),
               "of a collective over several dimensions"),
      optional("collective_order", &S::collectives, kinds::choice(collective_orders, "collective_order"),
               "which waiting collective a dimension serves first"),
      optional("chunk_order", &S::chunk_order, kinds::choice(chunk_orders, "chunk_order"),
               "which waiting chunk of a collective is served first"),
      optional("network_model", &S::network, kinds::choice(network_models, "network_model"),
               "what full fidelity lets messages share"),
      optional("forwarding", &S::forwarding, kinds::choice(forwardings, "forwarding"),
               "of flows: when what a message passes through sends it on"),
      optional("latency", &S::latency, kinds::one_or_list(kinds::time()), "per hop; a list by dimension"),
      optional("endpoint_delay", &S::endpoint_delay, kinds::time(),
               "before the first message and after each received one"),
      optional("message_overhead", &S::message_overhead, kinds::time(), "of the sender, holds its port"),
      optional("reduction_bandwidth", &S::reduction_bandwidth, kinds::bandwidth(kinds::least_bandwidth),
               "of local memory; a reduction moves its bytes three times"),
      optional("after_collective", &S::after_collective, kinds::time(),
               "until its dependants go on, in a training step"),
      optional("after_lone_collective", &S::after_lone_collective, kinds::time(),
               "the same for one collective alone"),
      optional("bookkeeping", &S::bookkeeping, kinds::time(), "of the training loop, per pass of a line"),
      optional("truncate", &S::truncate, kinds::flag(), "message times to whole ns, sizes to whole bytes"),
      optional("bandwidth_unit", &S::gib, kinds::choice(units, "bandwidth_unit"),
               "of bandwidths given with it"),
      optional("tables", &S::fused_tables, kinds::choice(tables, "tables"),
               "where weight gradients are reduced"),
      optional("compute_scale", &S::compute_scale, kinds::number(1e-9, 1e9), "factor on the time of compute"),
      optional("npus", &S::npus, kinds::list(kinds::object(npu_spec_fields())),
               "that differ; they need full fidelity"),
      optional("links", &S::links, kinds::list(kinds::object(link_spec_fields())),
               "slow or failed ones; played as flows, which know links"));
  return fields;
}

Time Library::latency_of(int dimension) const {
  if (latency.empty()) return {};
  if (latency.size() == 1) return latency.front();
  const auto index = static_cast<std::size_t>(dimension);
  if (index >= latency.size()) {
    throw InputError(
        fmt::format("library {}: latency of {} dimensions, the network has more", name, latency.size()));
  }
  return latency[index];
}

Library Library::all_alike() const {
  Library alike = *this;
  alike.npus.clear();
  alike.links.clear();
  return alike;
}

Library read_library(const YamlValue& root) { return library_fields().read(root); }

Library load_library(std::string_view word) {
  return read_library(YamlValue::load(input_file("libraries", word, "library")));
}

}  // namespace bandwright
