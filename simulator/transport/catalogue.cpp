#include "simulator/transport/catalogue.h"

#include <algorithm>
#include <array>

#include "core/catalogue.h"
#include "simulator/transport/flows.h"
#include "simulator/transport/ports.h"

namespace bandwright {
namespace {

template <class Kind>
std::unique_ptr<Transport> make_transport(const Scenario& scenario, Crossing crossing, PlayEvents& events) {
  return std::make_unique<Kind>(scenario, crossing, events);
}

constexpr std::array all_transports = {
    TransportInfo{NetworkModel::Ports, "ports", "each NPU's port into a dimension is shared, nothing else",
                  make_transport<Ports>},
    TransportInfo{NetworkModel::Flows, "flows",
                  "messages share the bandwidth of every link on their way, max-min fairly",
                  make_transport<Flows>},
    TransportInfo{NetworkModel::Flows, "links", "another word for flows", make_transport<Flows>}};

}  // namespace

std::span<const TransportInfo> transports() { return all_transports; }

const TransportInfo& transport_named(std::string_view name) {
  return find_in_catalogue(transports(), name, "transport");
}

const TransportInfo& transport_of(const Library& library) {
  return *std::find_if(all_transports.begin(), all_transports.end(),
                       [&](const TransportInfo& info) { return info.model == library.network; });
}

}  // namespace bandwright
