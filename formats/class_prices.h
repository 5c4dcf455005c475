#pragma once
#include "cost_model/price_list.h"

namespace bandwright {

// The cost files of LIBRA (YAML) and of its artifact (JSON): dollars per GB/s of each class,
//
//   InterPod: {Link: 7.8, Switch: 18.0, Nic: 31.6}
//
// They do not say how cables are counted: LIBRA's paper lets each NPU pay, the artifact lets two share.
// Throws InputError.
PriceList read_class_prices(const YamlValue& root, Cables cables);

}  // namespace bandwright
