#include "optimizer/summary.h"

namespace bandwright {

double Summary::gap() const { return objective > 0 ? (objective - lower_bound) / objective : 0.0; }

}  // namespace bandwright
