#pragma once
#include "core/yaml.h"
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

bool is_infragraph(const YamlValue& root);

// An infrastructure of InfraGraph 2.4 (MLCommons; YAML or JSON) as a graph. Every `xpu` component is an NPU,
// in the order of instances and their devices; `switch` is a switch, and `nic`, `port`, `custom`, `cpu` and
// `memory` are ports on the way. A component whose choice is `device` is that device, whose parts are named
// from outside as nic[0].port[1]. What leads through a CPU or memory of a device with xpus costs 16 times as
// much as any other hop, so that it is taken only where nothing else connects.
//
// A link without a physical bandwidth has that of the defaults. Giga-transfers count one bit each. Throws
// InputError for keys, names, slices and schemes that are not of the schema, and for lists of unlike length.
NetworkGraph read_infragraph(const YamlValue& root, const GraphDefaults& defaults = {});

}  // namespace bandwright
