#include "formats/load.h"

#include <fmt/format.h>

#include "formats/astra_sim/artifact.h"
#include "formats/astra_sim/astra_sim_1.h"
#include "formats/astra_sim/astra_sim_2.h"
#include "formats/astra_sim/libra.h"
#include "formats/class_prices.h"
#include "formats/detect.h"
#include "formats/load_graph.h"

namespace bandwright {
namespace {

// What the word's file is; nothing when it is no file.
std::optional<Sample> file_of(std::string_view word) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(std::filesystem::path(word), error)) return std::nullopt;
  return sample_of(std::filesystem::path(word));
}

[[noreturn]] void reject(const Sample& sample, const FileFormat& format, std::string_view expected) {
  throw InputError(Place{sample.path.string()}, fmt::format("is {}, expected {}", format.help, expected));
}

// The format of a file of another tool; null when the file is read as our own.
const FileFormat* foreign(const Sample& sample) {
  const FileFormat* format = find_format(sample);
  if (format == nullptr && !sample.root) static_cast<void>(format_of(sample));  // throws
  return format;
}

}  // namespace

LoadedNetwork load_any_network(std::string_view word) {
  if (names_graph(std::string(word))) {
    LogicalGrid grid = logical_grid(load_graph(std::string(word)));
    return {.network = std::move(grid.network), .bandwidth = std::move(grid.bandwidth)};
  }
  const auto sample = file_of(word);
  if (!sample) {
    refuse_misspelt_builder(std::string(word));
    return {.network = load_network(word)};
  }
  const FileFormat* foreign_format = foreign(*sample);
  if (foreign_format == nullptr) return {.network = read_network(*sample->root)};
  const FileFormat& format = *foreign_format;
  if (format.name == "libra-network") return {.network = read_libra_network(*sample->root)};
  if (format.name == "artifact-network") {
    ArtifactNetwork read = read_artifact_network(*sample->root);
    return {.network = std::move(read.network), .budget = read.budget};
  }
  if (format.name == "astra-sim-2-network") {
    AstraSim2Network read = read_astra_sim_2_network(*sample->root);
    return {.network = std::move(read.network),
            .bandwidth = std::move(read.bandwidth),
            .latency = std::move(read.latency)};
  }
  if (format.name != "astra-sim-1-network") reject(*sample, format, "a network");
  AstraSim1Network read = read_astra_sim_1_network(*sample->root);
  if (read.is_template) {
    throw InputError(Place{sample->path.string()},
                     "is a template, whose NPU counts were given on the command line: write them into it");
  }
  return {.network = std::move(read.network),
          .bandwidth = std::move(read.bandwidth),
          .latency = std::move(read.latency),
          .ignored = std::move(read.ignored)};
}

AstraSimSystem load_any_system(std::string_view word) {
  const auto sample = file_of(word);
  if (!sample) return {.library = load_library(word)};
  const FileFormat* format = foreign(*sample);
  if (format == nullptr) return {.library = read_library(*sample->root)};
  if (format->name == "astra-sim-1-system") return read_astra_sim_1_system(*sample->root);
  if (format->name == "astra-sim-2-system") return read_astra_sim_2_system(*sample->root);
  reject(*sample, *format, "a system");
}

PriceList load_any_prices(std::string_view word) {
  const auto sample = file_of(word);
  if (!sample) return load_price_list(word);
  const FileFormat* format = foreign(*sample);
  if (format == nullptr) return read_price_list(*sample->root);
  if (format->name != "class-prices") reject(*sample, *format, "a price list");
  return read_class_prices(*sample->root, sample->braces ? Cables::Shared : Cables::PerNpu);
}

}  // namespace bandwright
