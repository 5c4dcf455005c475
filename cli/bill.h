#pragma once
#include <nlohmann/json_fwd.hpp>

#include "cli/output.h"
#include "cost_model/bill.h"

namespace bandwright {

// A bill as every command shows it: one line per dimension and element, and for people the total.
TextTable bill_table(const Network& network, const Bill& bill);
TextTable bill_csv(const Network& network, const Bill& bill);
nlohmann::ordered_json bill_json(const Network& network, const Bill& bill);

}  // namespace bandwright
