#pragma once
#include "topology/group.h"
#include "training/parallelism.h"
#include "workload/architecture.h"

namespace bandwright {

// How many of `parts` equal parts of a model's experts (the NPUs of an EP group, or their nodes) hold some of
// the k experts of a token. With a router that picks g of G groups first (DeepSeek-V3: 4 of 8, arXiv
// 2412.19437, section 2.1.2), r parts of the n can be visited:
//
//   r = n (1 - C(G - G/n, g) / C(G, g)) for n <= G, g n / G above that; without groups r = n
//   d = r (1 - C(e - e/r, k) / C(e, k))     e: the experts of those r parts
//
// each expert being as likely as any other: at most r, and at most k.
double parts_visited(const Experts& experts, double parts);

// What one NPU puts into the all-to-all of a dispatch, or gets back by a combine, by where it goes: `inside`
// the nodes (the innermost dimension of the machine), and `between` them; all of it `inside` where the tokens
// are exchanged in one piece.
struct RouteBytes {
  double inside = 0.0;
  double between = 0.0;
};

// Of t tokens of one NPU, h elements each:
//
//   all-to-all  k t h              a copy per expert
//   per node    d(NPUs) t h inside, d(nodes) t h between: a copy per node, to the NPU there that has the
//               sender's place, which passes it on to those of its node that hold experts of it
//
// in 2 bytes; a dispatch of fp8 in 1 byte, with a scale of 4 bytes per 128. Sources: DeepSeek-V3 technical
// report, sections 3.2.2 and 3.3.2; DeepEP (github.com/deepseek-ai/DeepEP).
RouteBytes route_bytes(const TransformerArchitecture& model, const Parallelism& p, const Group& expert_group,
                       bool dispatch);

// Whether tokens go once per node: as asked for, and by the model as those who route by groups of experts do.
bool once_per_node(const TransformerArchitecture& model, const Parallelism& p);

}  // namespace bandwright
