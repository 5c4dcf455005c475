#pragma once
#include <vector>

#include "simulator/scenario.h"
#include "simulator/wire_loads.h"

namespace bandwright {

// What a step's collectives take on the classes of links of a network as it is built, of each as all NPUs run
// it at once, at bandwidths per NPU of each class (network/link_classes.h):
//
//   routed   by the scenario's routes. A round of a phase takes as long as its fullest link: of L bytes over
//            capacity c, L/c, which at bandwidth B of its class is L B/c bytes; of each class the fullest.
//            Rounds of one logical dimension follow each other; dimensions work side by side but for one
//            chunk, which goes through all; and no link has less to carry than in all of them together. Takes
//            ways that no load changes.
//   cut      by any routes: where links of some classes are all that joins NPUs to others, what these send
//   the
//            others has to cross them, m bytes over capacities c: at least m/(sum of c), with c/B at its
//            largest in place of each.
//
// Both count the messages of the plan that the flow engine plays, at the share of bandwidth collectives
// reach.
struct LinkLoads {
  std::vector<WireLoads::Courses> routed;
  std::vector<WireLoads::Courses> cut;
};

// REQUIRES scenario.built, with classes that have links, and a step that all NPUs do alike. Throws InputError
// for routes that depend on load, and NPUs that no route joins.
LinkLoads link_loads(const Scenario& scenario);

}  // namespace bandwright
