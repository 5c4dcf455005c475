#pragma once
#include <vector>

#include "cost_model/bill.h"
#include "cost_model/graph_bill.h"
#include "report/document.h"
#include "study/cost.h"

namespace bandwright {

// A bill as every command shows it: a row per dimension and element, and the total.
Table bill_table(const Network& network, const Bill& bill);

// Of a network as it is built: a row per class of links.
Table bill_table(const NetworkGraph& graph, const std::vector<GraphBillLine>& bill);

// The answer of `cost`.
Document cost_document(const CostAnswer& answer);

// Columns that name a dimension: "1 Ring(2)" for people, number, kind and NPUs for programs; and the cells of
// dimension `d`.
void add_dimension_columns(Table& table);
std::vector<Value> dimension_cells(const Network& network, std::size_t d);

}  // namespace bandwright
