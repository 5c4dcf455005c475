#pragma once
#include <string>

#include "report/document.h"
#include "training/estimate.h"

namespace bandwright {

// Whether a job fits into the memory of its NPUs, for every answer that says how fast it is.

// "fits: 68.2 of 80 GiB", or "does NOT fit: 1,420 of 80 GiB; the largest part is ...; it would fit with ...".
Verdict fit_verdict(const MemoryFit& fit);
Verdict fit_verdict(double needed_bytes, double capacity_bytes);

// memory_bytes, memory_capacity_bytes, slow_memory_bytes, fits and would_fit_with.
void add_fit(Document& document, const MemoryFit& fit);

// What the memory of an NPU holds.
Table memory_table(const std::vector<MemoryBill::Line>& lines);

// How a job is divided over its NPUs: "TP 8 CP 1 ...", and an object of numbers.
std::string division_text(const Parallelism& division);
Facts division_facts(const Parallelism& division);

}  // namespace bandwright
