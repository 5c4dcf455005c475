#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "study/job/offload.h"
#include "training/parallelism.h"

namespace bandwright {

// "TP 8 CP 1 ..." for people.
std::string divided(const Parallelism& parallelism);
nlohmann::ordered_json division_json(const Parallelism& parallelism);

// Where tensors live, and what that costs.
std::string offload_text(const Offload& done);
nlohmann::ordered_json offload_json(const Offload& done);

}  // namespace bandwright
