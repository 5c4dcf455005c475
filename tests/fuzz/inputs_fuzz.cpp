// Any bytes, read as whatever input of our own they say that they are, by the reader of the command that
// takes it: facts without a number that is none, or an InputError.
#include "experiment/input_files.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bandwright;  // NOLINT(google-build-using-namespace)
  attempt([&] {
    const YamlValue root = YamlValue::parse(as_text(data, size), "input.yaml");
    const InputReader* reader = find_input_reader(root);
    if (reader == nullptr) return;
    for (const auto& [name, value] : reader->summarise(root).facts) {
      if (value.starts_with("nan") || value.starts_with("inf") || value.starts_with("-nan") ||
          value.starts_with("-inf"))
        __builtin_trap();
    }
  });
  return 0;
}
