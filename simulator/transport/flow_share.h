#pragma once
#include <vector>

#include "network/flows/flow_engine.h"

namespace bandwright {

class Flows;  // simulator/transport/flows.h

// A network's flows, of several steps that each have a transport of their own over it. Who plays them takes
// what ends, and shares capacity anew after all of them have acted.
struct SharedFlows {
  FlowEngine engine;
  std::vector<Flows*> owners = {};  // by flow

  // Tells the owners of what ends now.
  void take_ended(Time now);
};

}  // namespace bandwright
