#include "topology/switch.h"

namespace bandwright {
DimensionKind switch_kind() {
  return {.name = "Switch",
          .help = "each NPU linked to one non-blocking switch",
          .natural_algorithm = "halving-doubling",
          .hops = [](int, int, int) { return 2; },
          .message_share = [](int) { return 1.0; },
          .group_share = [](int, int) { return 1.0; },
          .link_count = [](int n) { return 2 * n; },
          .route =
              [](int n, int from, int to, std::vector<int>& links) {
                links.push_back(from);
                links.push_back(n + to);
              },
          .switched = true};
}

}  // namespace bandwright
