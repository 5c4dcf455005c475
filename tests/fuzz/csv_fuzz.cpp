// Any bytes, read as measured times, as run logs of worker counts or as measured kernels, yield values or an
// InputError. The first byte chooses.
#include "memory/graphs/kernel_csv.h"
#include "scaling/series.h"
#include "scaling/worker_counts.h"
#include "tests/fuzz/support.h"

using namespace bandwright;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      attempt([&] { parse_scaling_csv(text, "times.csv", ScalingMode::Strong); });
      break;
    case 1:
      attempt([&] { parse_scaling_csv(text, "times.csv", ScalingMode::Weak); });
      break;
    case 2:
      attempt([&] { parse_kernel_csv(text, "kernels.csv"); });
      break;
    default:
      attempt([&] { parse_worker_counts(text); });
  }
  return 0;
}
