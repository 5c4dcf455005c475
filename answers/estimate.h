#pragma once
#include "report/document.h"
#include "study/estimate.h"

namespace bandwright {

// The answer of `estimate`: of a transformer, or of a network on images or a layer table.
Document estimate_document(const EstimateAnswer& answer);
Document estimate_document(const TransformerEstimate& answer);
Document estimate_document(const UndividedEstimate& answer);

// How a job's tensors were placed in two memories, and what that costs.
Facts placement_facts(const Offload& offload);

}  // namespace bandwright
