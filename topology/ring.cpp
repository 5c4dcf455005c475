#include "topology/ring.h"

#include <algorithm>

namespace bandwright {
namespace {

int distance_up(int n, int from, int to) { return (to - from + n) % n; }

int ring_hops(int n, int from, int to) {
  const int up = distance_up(n, from, to);
  return std::min(up, n - up);
}

void ring_route(int n, int from, int to, std::vector<int>& links) {
  const int up = distance_up(n, from, to);
  const bool goes_up = up <= n - up;
  for (int at = from; at != to; at = (at + (goes_up ? 1 : n - 1)) % n) {
    links.push_back(goes_up ? at : n + at);
  }
}

}  // namespace

DimensionKind ring_kind() {
  return {.name = "Ring",
          .help = "each NPU linked to the next and the previous one",
          .natural_algorithm = "ring",
          .hops = ring_hops,
          .message_share = [](int) { return 1.0; },
          .group_share = [](int, int) { return 1.0; },
          .link_count = [](int n) { return 2 * n; },
          .route = ring_route,
          .switched = false};
}

}  // namespace bandwright
