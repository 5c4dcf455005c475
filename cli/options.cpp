#include "cli/options.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "cli/output.h"
#include "core/catalogue.h"

namespace bandwright {
namespace {

struct TablesInfo {
  bool fused;
  std::string_view name;
  std::string_view help;
};
constexpr std::array tables_choices = {
    TablesInfo{false, "split", "each line sends its own weight gradients"},
    TablesInfo{true, "fused", "the first line sends all weight gradients"}};

}  // namespace

void add_network_options(CLI::App& command, NetworkOptions& options) {
  command.add_option("--classes", options.classes, "price class of each dimension: Tile,Package,Node,Pod")
      ->type_name("LIST");
  command.add_option("--prices", options.prices, "price list: a name or a YAML file (default artifact)")
      ->type_name("PRICES");
}

Network load(const NetworkOptions& options) {
  std::vector<std::string> classes;
  if (!options.classes.empty()) {
    for (const std::string_view name : split(options.classes, ',')) {
      if (name.empty()) throw InputError(fmt::format("--classes: an empty class in '{}'", options.classes));
      classes.emplace_back(name);
    }
  }
  return load_network(options.network, classes);
}

void add_workload_options(CLI::App& command, WorkloadOptions& options) {
  command.add_option("--tables", options.tables, "split (default) or fused: where weight gradients are sent")
      ->type_name("TABLES");
  command
      .add_option("--recompute", options.recompute,
                  "none (default), full or communication: what runs again in the backward pass")
      ->type_name("WHAT");
  command
      .add_option("--compute-scale", options.compute_scale, "compute times are multiplied by it (default 1)")
      ->type_name("FACTOR");
}

std::vector<Model> load_models(const WorkloadOptions& options) {
  const bool fused = parse_option("--tables", options.tables, [](std::string_view word) {
    return find_in_catalogue(std::span<const TablesInfo>(tables_choices), word, "tables").fused;
  });
  std::vector<Model> models;
  for (const std::string_view word : split(options.models, ',')) {
    Model model = load_model(word);
    models.push_back(fused ? fuse_weight_gradients(std::move(model)) : std::move(model));
  }
  return models;
}

LoopOptions loop_options(const WorkloadOptions& options) {
  LoopOptions loop;
  loop.recompute = parse_option("--recompute", options.recompute, [](std::string_view word) {
    return find_in_catalogue(recompute_choices(), word, "recomputation").recompute;
  });
  loop.compute_scale = parse_option("--compute-scale", options.compute_scale,
                                    [](std::string_view text) { return parse_number(text, 0.0, 1e6); });
  return loop;
}

bool reads_as_budget(std::string_view text) {
  if (trimmed(text).starts_with('$')) return true;
  try {
    static_cast<void>(parse_gb_per_s(text));
    return true;
  } catch (const InputError&) {
    return false;
  }
}

std::vector<double> parse_bandwidths(std::string_view text, const Network& network) {
  std::vector<double> gb_per_s;
  for (const std::string_view part : split(text, ',')) gb_per_s.push_back(parse_gb_per_s(part));
  if (gb_per_s.size() == network.dimensions.size()) return gb_per_s;
  if (network.dimensions.empty()) throw InputError("one NPU has no network to have a bandwidth");
  throw InputError(fmt::format("{} bandwidths for the {} dimensions of {}", gb_per_s.size(), network.size(),
                               network.shorthand()));
}

std::string format_money(Money money) {
  std::string digits = fmt::format("{:.0f}", money.value());
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return "$" + digits;
}

}  // namespace bandwright
