// Any bytes, read as a network as it is built: a file of nodes and links, InfraGraph's, or a table of links.
// A graph with a picture, a file that reads back to as many links, or an InputError.
#include "formats/infragraph.h"
#include "network/drawing.h"
#include "network/edge_list.h"
#include "network/graph_file.h"
#include "network/graph_writer.h"
#include "tests/fuzz/support.h"

namespace {

using namespace bandwright;  // NOLINT(google-build-using-namespace)

const GraphDefaults defaults{.bandwidth = gb_per_s(50)};

void use(const NetworkGraph& graph) {
  constexpr std::size_t most_links = 2000;  // of those that are written out
  attempt([&] { logical_grid(graph); });
  if (graph.links.size() > most_links) return;
  drawing_of(graph);
  const NetworkGraph again = graph_of(written_graph(graph));
  if (again.links.size() != graph.links.size() || again.nodes.size() != graph.nodes.size()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  attempt([&] {
    const YamlValue root = YamlValue::parse(text, "input.yaml");
    if (is_infragraph(root)) return use(read_infragraph(root, defaults));
    use(read_graph(root, defaults));
  });
  attempt([&] { use(read_edge_list(as_file(data, size, ".csv"), defaults)); });
  return 0;
}
