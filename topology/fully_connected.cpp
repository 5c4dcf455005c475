#include "topology/fully_connected.h"

namespace bandwright {

DimensionKind fully_connected_kind() {
  return {.name = "FullyConnected",
          .help = "a link between every two NPUs",
          .natural_algorithm = "direct",
          .hops = [](int, int, int) { return 1; },
          .message_share = [](int n) { return 1.0 / (n - 1); },
          .group_share = [](int n, int members) { return (members - 1.0) / (n - 1); },
          .link_count = [](int n) { return n * n; },
          .route = [](int n, int from, int to, std::vector<int>& links) { links.push_back(from * n + to); },
          .switched = false};
}

}  // namespace bandwright
