#include "answers/files/exported.h"

#include <fmt/format.h>

namespace bandwright {

Document exported_document(const ExportFormat& format, const std::string& folder,
                           std::span<const Exported> written) {
  Document document{.title = fmt::format("{}, into {}", format.help, folder)};
  document.data("format", format.name).data("folder", folder);
  Table table = Table::of("exports");
  table.column("model").column("file").main = true;
  const Shown traces = format.traces ? Shown::Everywhere : Shown::ToPrograms;
  const Shown layers = format.traces ? Shown::ToPrograms : Shown::Everywhere;
  table.column("traces", "", traces).column("nodes", "", traces).column("layers", "", layers);
  for (const Exported& each : written) {
    if (format.traces) {
      table.rows.push_back({each.model, each.file, each.traces, each.nodes, Value()});
    } else {
      table.rows.push_back({each.model, each.file, Value(), Value(), each.layers});
    }
  }
  document.add(std::move(table));
  return document;
}

}  // namespace bandwright
