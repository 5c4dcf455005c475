#pragma once
#include "report/document.h"
#include "study/optimize.h"

namespace bandwright {

// Of a design of a network as it is built: a row for each class of links.
Table link_class_table(const DesignAnswer& answer);

// What no routes go below, and the network as it is.
void add_built_network(const DesignAnswer& answer, Document& document);

}  // namespace bandwright
