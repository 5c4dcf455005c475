#include "formats/yaml_text.h"

#include <fmt/format.h>

#include <array>

#include "core/text.h"

namespace bandwright {
namespace {

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// Exact, in the larger unit of the two that hold it.
std::string exact(Time time) {
  const std::int64_t ps = time.value();
  return ps % 1000 == 0 ? fmt::format("{} ns", ps / 1000) : fmt::format("{} ps", ps);
}

std::string pass_text(std::string_view name, const Pass& pass) {
  if (pass == Pass{}) return "";
  std::string text = fmt::format("    {}: {{compute: {}", name, exact(pass.compute));
  if (pass.communication) {
    const Collective& call = pass.communication->collective;
    text += fmt::format(", collective: {{kind: {}, bytes: {} B, group: {}}}", collective_name(call.kind),
                        call.bytes.value(), axis_name(pass.communication->axis));
  }
  return text + "}\n";
}

std::string algorithms_text(const System& system) {
  if (system.dimension_algorithms.empty()) {
    std::string text;
    for (const auto& [kind, name] : system.algorithm) {
      text += fmt::format("{}{}: {}", text.empty() ? "algorithms: {" : ", ", kind, name);
    }
    return text.empty() ? "" : text + "}\n";
  }
  std::string text = "algorithms:  # by dimension, innermost first\n";
  for (const auto& dimension : system.dimension_algorithms) {
    std::vector<std::string> words;
    for (const auto& [phase, name] : dimension) {
      words.push_back(fmt::format("{}: {}", collective_name(phase), name));
    }
    text += fmt::format("  - {{{}}}\n", fmt::join(words, ", "));
  }
  return text;
}

}  // namespace

std::string yaml_text(const Network& network) {
  std::string text = fmt::format("name: {}\ndimensions:  # innermost first\n", in_quotes(network.name));
  for (const Dimension& dimension : network.dimensions) {
    text += fmt::format("  - {{kind: {}, npus: {}, class: {}}}\n", dimension.kind->name, dimension.npus,
                        in_quotes(dimension.price_class));
  }
  return text;
}

std::string yaml_text(const System& system) {
  constexpr std::array orders = {"fifo", "lifo", "priority"};
  std::string text = fmt::format("name: {}\nchunks: {}\n{}scheduler: {}\n", in_quotes(system.name),
                                 system.chunks, algorithms_text(system), system.scheduler);
  text += fmt::format("composition: {}\ncollective_order: {}\nchunk_order: {}\n",
                      system.composition == Composition::Plain ? "plain" : "hierarchical",
                      orders.at(static_cast<std::size_t>(system.collectives)),
                      system.chunk_order == ChunkOrder::Fifo ? "fifo" : "smallest-first");
  if (!system.latency.empty()) {
    std::vector<std::string> times;
    for (const Time time : system.latency) times.push_back(exact(time));
    text += fmt::format("latency: [{}]  # of one hop, by dimension\n", fmt::join(times, ", "));
  }
  text += fmt::format("endpoint_delay: {}\n", exact(system.endpoint_delay));
  if (system.reduction_bandwidth) {
    text += fmt::format("reduction_bandwidth: {} GB/s\n", system.reduction_bandwidth->value());
  }
  text += fmt::format("after_collective: {}\nbookkeeping: {}\ntruncate: {}\nbandwidth_unit: {}\n",
                      exact(system.after_collective), exact(system.bookkeeping), system.truncate,
                      system.gib ? "GiB/s" : "GB/s");
  return text;
}

std::string yaml_text(const Model& model) {
  std::string text =
      fmt::format("name: {}\ntensor_parallel: {}\nlayers:\n", in_quotes(model.name), model.tensor_parallel);
  for (const Line& line : model.lines) {
    text += fmt::format("  - name: {}\n", in_quotes(line.name));
    text += pass_text("forward", line.forward);
    text += pass_text("input_gradient", line.input_gradient);
    text += pass_text("weight_gradient", line.weight_gradient);
    if (line.checkpoint) text += "    checkpoint: true\n";
  }
  return text;
}

std::string yaml_text(const PriceList& prices) {
  std::string text = fmt::format("name: {}\ncables: {}\ndollars_per_gb_per_s:\n", in_quotes(prices.name),
                                 prices.cables == Cables::Shared ? "shared" : "per-npu");
  constexpr std::array<std::string_view, element_count> keys = {"link", "switch", "nic"};
  for (const ClassPrices& row : prices.classes) {
    std::vector<std::string> words;
    for (std::size_t e = 0; e < element_count; ++e) {
      if (row.per_gb_per_s[e])
        words.push_back(fmt::format("{}: {}", keys.at(e), row.per_gb_per_s[e]->value()));
    }
    text += fmt::format("  {}: {{{}}}\n", in_quotes(row.name), fmt::join(words, ", "));
  }
  return text;
}

}  // namespace bandwright
