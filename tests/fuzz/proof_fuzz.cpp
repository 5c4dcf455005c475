// Any bytes, read as a proof of `plan`, of a machine or of hardware that is bought: accepted, refused with
// the first fault, or an InputError. Jobs are small, so that each is soon checked.
#include "study/plan/hardware_proof_file.h"
#include "study/plan/proof_file.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bandwright;  // NOLINT(google-build-using-namespace)
  const std::string file = as_file(data, size, ".json").string();
  attempt([&] {
    if (is_hardware_proof(file)) {
      check_hardware_proof(file);
    } else {
      check_proof(file);
    }
  });
  return 0;
}
