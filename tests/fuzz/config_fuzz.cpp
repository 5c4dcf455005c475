// Any bytes, recognised and read as whatever they look like: a summary and an import, or an InputError.
#include "formats/import.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bandwright;  // NOLINT(google-build-using-namespace)
  const std::filesystem::path file = as_file(data, size, "");
  attempt([&] {
    const Sample sample = sample_of(file);
    const FileFormat& format = format_of(sample);
    attempt([&] { format.summarise(sample); });
    attempt([&] { imported(sample); });
  });
  return 0;
}
