// Any bytes, read as a layer text: a model whose own text reads back, or an InputError.
#include "formats/astra_sim/layer_text.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bandwright;  // NOLINT(google-build-using-namespace)
  static const Network network = parse_network("Ring(4)_Switch(8)");
  attempt([&] {
    const LayerText text = parse_layer_text(as_text(data, size), "input.txt");
    attempt([&] { layer_text_groups(text, network); });
    const LayerText again = parse_layer_text(write_layer_text(text.model), "again.txt");
    if (again.model.lines.size() != text.model.lines.size()) __builtin_trap();
  });
  return 0;
}
