// Any bytes, read as a script with arguments of Megatron-Core or TorchTitan, or as TorchTitan's TOML: a job
// whose command line is one line and whose step is a number above 0, or an InputError.
#include <cmath>

#include "study/estimate.h"
#include "study/recipe/recipe.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bandwright;  // NOLINT(google-build-using-namespace)
  const std::string_view text = as_text(data, size);
  attempt([&] {
    Job given;
    given.machine = "dgx-h100";
    given.npus = "64";
    const Recipe recipe = read_recipe(text, "train.sh", given);
    static_cast<void>(estimate_command(recipe.job));
    attempt([&] {
      const double step_ns = facts_of(estimate(recipe.job)).step_ns;
      if (!(step_ns > 0.0 && std::isfinite(step_ns))) __builtin_trap();
    });
  });
  return 0;
}
