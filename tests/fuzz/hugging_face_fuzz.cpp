// Any bytes, read as a Hugging Face config.json: a model whose estimate is a number above 0, or an
// InputError.
#include <cmath>

#include "tests/fuzz/support.h"
#include "training/estimate.h"
#include "workload/hugging_face.h"
#include "workload/parameters.h"

namespace {

using namespace bandwright;  // NOLINT(google-build-using-namespace)

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// One with every group, one with none.
constexpr std::int64_t npus = 16;
const Parallelism divisions[] = {
    {.tensor = 2, .expert = 2, .pipeline = 2, .data = 4, .zero = 1, .global_batch = 8},
    {.data = npus, .zero = 3, .global_batch = npus, .recompute = Recomputation::Full}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Machine machine = load_machine("dgx-h100");
  attempt([&] {
    const TransformerArchitecture model = read_hugging_face(as_text(data, size), "config.json");
    require(parameters(model) > 0.0);
    for (const Parallelism& division : divisions) {
      attempt([&] {
        validate(model, division);
        const TrainingEstimate result = estimate({model, machine, division});
        require(result.step_ns > 0.0 && std::isfinite(result.step_ns));
        require(result.memory.total() > 0.0 && std::isfinite(result.memory.total()));
        require(result.tokens_per_s > 0.0);
      });
    }
  });
  return 0;
}
