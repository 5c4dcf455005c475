#pragma once
#include <memory>
#include <span>
#include <string_view>

#include "simulator/scenario.h"
#include "simulator/transport/transport.h"
#include "topology/route.h"

namespace bandwright {

struct TransportInfo {
  NetworkModel model;  // what a library calls it
  std::string_view name;
  std::string_view help;
  std::unique_ptr<Transport> (*make)(const Scenario& scenario, Crossing crossing, PlayEvents& events);
};

// ports, flows: the catalogue. The first row of a model has its name, others are other words for it.
std::span<const TransportInfo> transports();
const TransportInfo& transport_named(std::string_view name);  // throws InputError naming the choices
const TransportInfo& transport_of(const Library& library);

}  // namespace bandwright
