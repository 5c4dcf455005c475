#include "answers/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "answers/experiments/figures.h"
#include "collective/algorithm.h"
#include "collective/chunk_scheduler.h"
#include "collective/collective.h"
#include "core/catalogue.h"
#include "core/input_kinds.h"
#include "core/io/paths.h"
#include "core/yaml.h"
#include "experiment/points/allocation.h"
#include "formats/detect.h"
#include "memory/placement.h"
#include "network/builders.h"
#include "network/routes.h"
#include "scaling/laws/laws.h"
#include "scaling/trials.h"
#include "study/design.h"
#include "topology/dimension_kind.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

struct Entry {
  std::string name;
  std::string help;
};

template <class Row>
std::vector<Entry> entries_of(std::span<const Row> rows) {
  std::vector<Entry> entries;
  for (const Row& row : rows) entries.push_back({std::string(row.name), std::string(row.help)});
  return entries;
}

// The inputs of one folder, named and explained by themselves.
std::vector<Entry> inputs_of(std::string_view kind) {
  std::vector<Entry> entries;
  for (const std::string& name : input_names(kind)) {
    const YamlValue root = YamlValue::load(*find_input(kind, name));
    const auto help = root.find("help");
    entries.push_back({root.at("name").as_string(), help ? help->as_string() : ""});
  }
  return entries;
}

// The same under the names their files go by, which is what commands take.
std::vector<Entry> files_of(std::string_view kind) {
  std::vector<Entry> entries = inputs_of(kind);
  const std::vector<std::string> names = input_names(kind);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].name = names[i];
  return entries;
}

// What can be listed. Adding a catalogue to the program adds a row here.
struct Listing {
  std::string_view name;
  std::string_view help;
  std::vector<Entry> (*entries)();
};
constexpr std::array listings = {
    Listing{"networks",
            "networks that come with the program; any other as Ring(8)_Switch(128) or a YAML file",
            [] { return inputs_of("networks"); }},
    Listing{"transformers", "models for machines; any other as a YAML file or a config.json",
            [] { return files_of("models/transformers"); }},
    Listing{"images", "models for machines, networks on images; any other as a YAML file",
            [] { return files_of("models/images"); }},
    Listing{"tables", "models for networks, layer tables; any other as a YAML file",
            [] { return files_of("models/tables"); }},
    Listing{"machines", "machines for `estimate`, `scale simulate` and others; any other as a YAML file",
            [] { return files_of("machines"); }},
    Listing{"npus", "accelerators that machine files name; any other as a YAML file",
            [] { return files_of("npus"); }},
    Listing{"targets", "what an optimum is best at", [] { return entries_of(targets()); }},
    Listing{"loops", "training loops", [] { return entries_of(training_loops()); }},
    Listing{"laws", "scaling laws of scale fit", [] { return entries_of(scaling_laws()); }},
    Listing{"trial-schedulers", "schedulers of scale trials", [] { return entries_of(trial_schedulers()); }},
    Listing{"solvers", "methods of optimization", [] { return entries_of(solvers()); }},
    Listing{"recompute", "what runs again in the backward pass",
            [] { return entries_of(recompute_choices()); }},
    Listing{"policies", "ways to place tensors in two memories", [] { return entries_of(policies()); }},
    Listing{"tiers", "pairs of memories; any other as a YAML file", [] { return inputs_of("tiers"); }},
    Listing{"prices", "price lists", [] { return inputs_of("prices"); }},
    Listing{"experiments", "experiments for `evaluate`, `plot` and `report`",
            [] { return inputs_of("experiments"); }},
    Listing{"figures", "figures of `plot`", [] { return entries_of(figures()); }},
    Listing{"allocations", "ways to divide a budget in an experiment",
            [] { return entries_of(allocation_rules()); }},
    Listing{"inputs", "kinds of input files, the first key of each: `bandwright: machine`",
            [] { return entries_of(input_kinds()); }},
    Listing{"formats", "files of other tools that are read, told by their content",
            [] { return entries_of(file_formats()); }},
    Listing{"kinds", "kinds of network dimension", [] { return entries_of(dimension_kinds()); }},
    Listing{"builders", "networks as they are built from a few words, for `simulate` and `network`",
            [] {
              std::vector<Entry> entries;
              for (const GraphBuilder& builder : graph_builders()) {
                entries.push_back({std::string(builder.usage), std::string(builder.help)});
              }
              return entries;
            }},
    Listing{"routings", "how messages find their way over such networks",
            [] { return entries_of(routings()); }},
    Listing{"collectives", "collective operations", [] { return entries_of(collective_kinds()); }},
    Listing{"algorithms", "ways to run a collective on one dimension",
            [] { return entries_of(collective_algorithms()); }},
    Listing{"schedulers", "orders in which chunks visit the dimensions",
            [] { return entries_of(chunk_schedulers()); }},
    Listing{"libraries", "communication libraries, by which collectives are played; any other as a YAML file",
            [] { return inputs_of("libraries"); }}};

// Words for several lists, and what lists were called in version 0.1.
struct OtherName {
  std::string_view name;
  std::vector<std::string_view> lists;
};
const std::vector<OtherName>& other_names() {
  static const std::vector<OtherName> names = {{"models", {"transformers", "images", "tables"}},
                                               {"architectures", {"transformers"}},
                                               {"convnets", {"images"}},
                                               {"systems", {"machines"}},
                                               {"system-layers", {"libraries"}}};
  return names;
}

const Listing* find_listing(std::string_view word) {
  const auto found = std::find_if(listings.begin(), listings.end(),
                                  [&](const Listing& each) { return equal_ignoring_case(each.name, word); });
  return found == listings.end() ? nullptr : found;
}

std::vector<const Listing*> lists_of(std::string_view word) {
  if (word.empty()) {
    std::vector<const Listing*> all;
    for (const Listing& listing : listings) all.push_back(&listing);
    return all;
  }
  if (const Listing* const listing = find_listing(word)) return {listing};
  std::vector<std::string_view> known;
  for (const Listing& listing : listings) known.push_back(listing.name);
  for (const OtherName& other : other_names()) {
    known.push_back(other.name);
    if (!equal_ignoring_case(other.name, word)) continue;
    std::vector<const Listing*> chosen;
    for (const std::string_view list : other.lists) chosen.push_back(find_listing(list));
    return chosen;
  }
  throw InputError(
      fmt::format("unknown list '{}'{} ({})", word, did_you_mean(word, known), choices_text(known)));
}

}  // namespace

Document listing_document(std::string_view what) {
  Document document;
  Table table = Table::of("entries");
  table.column("list").column("name").column("help").shown = Shown::ToPrograms;
  table.main = true;
  for (const Listing* listing : lists_of(what)) {
    Facts lines = Facts::of("", fmt::format("{}: {}", listing->name, listing->help));
    for (const Entry& entry : listing->entries()) {
      lines.line(entry.name, entry.help.empty() ? "-" : entry.help);
      table.rows.push_back({listing->name, entry.name, entry.help});
    }
    document.add(std::move(lines));
  }
  document.add(std::move(table));
  return document;
}

}  // namespace bandwright
