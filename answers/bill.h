#pragma once
#include <vector>

#include "cost_model/bill.h"
#include "report/document.h"

namespace bandwright {

// A bill as every command shows it: a row per dimension and element, and the total.
Table bill_table(const Network& network, const Bill& bill);

// The answer of `cost`.
Document cost_document(const Network& network, const PriceList& prices, const std::vector<double>& gb_per_s,
                       const Bill& bill);

// Columns that name a dimension: "1 Ring(2)" for people, number, kind and NPUs for programs; and the cells of
// dimension `d`.
void add_dimension_columns(Table& table);
std::vector<Value> dimension_cells(const Network& network, std::size_t d);

}  // namespace bandwright
