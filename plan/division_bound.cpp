#include "plan/division_bound.h"

#include <algorithm>
#include <boost/container_hash/hash.hpp>

#include "training/division/dealing.h"

namespace bandwright {
namespace {

// Times of a step are whole picoseconds, the sums here are not: a bound stays below by more than both differ.
constexpr double outward = 1.0 - 1e-9;

}  // namespace

std::size_t DivisionBound::Hash::operator()(const Key& key) const {
  std::size_t hash = 0;
  boost::hash_combine(hash, key.tensor);
  boost::hash_combine(hash, key.context);
  boost::hash_combine(hash, key.expert);
  boost::hash_combine(hash, key.micro_batch);
  boost::hash_combine(hash, key.sequence_parallel);
  boost::hash_combine(hash, key.sums_gradients);
  return hash;
}

const DivisionBound::Prices& DivisionBound::prices(const Parallelism& p) {
  const auto [known, fresh] =
      known_.try_emplace({p.tensor, p.context, p.expert, p.micro_batch, p.sequence_parallel, p.zero < 2});
  if (!fresh) return known->second;
  const TransformerArchitecture& model = job_.model;
  const Npu& npu = job_.machine.npu;
  const auto add = [](Passes& passes, const BlockPasses& block) {
    passes.forward += block.forward.ns();
    passes.backward += block.input_gradient.ns() + block.weight_gradient.ns();
  };
  const LayerCost dense = dense_layer_cost(model, p, npu);
  add(known->second.dense, dense.attention);
  add(known->second.dense, dense.ffn);
  if (model.sparse()) {
    const LayerCost sparse = sparse_layer_cost(model, p, npu);
    add(known->second.sparse, sparse.attention);
    add(known->second.sparse, sparse.ffn);
  }
  add(known->second.head, head_cost(model, p, npu));
  add(known->second.embedding, embedding_cost(model, p, npu));
  return known->second;
}

double DivisionBound::operator()(const Parallelism& p) {
  const TransformerArchitecture& model = job_.model;
  const Prices& all = prices(p);
  const double forwards = p.recompute == Recomputation::Full ? 2.0 : 1.0;
  const auto layer = [&](const Passes& passes) { return forwards * passes.forward + passes.backward; };
  const double dense = layer(all.dense);
  const double sparse = layer(all.sparse);
  const double head = all.head.forward + all.head.backward;
  const auto micro_batches = static_cast<double>(p.micro_batches());
  if (p.pipeline == 1) {
    const auto routed = static_cast<double>(model.sparse() ? model.sparse_layers() : 0);
    const double layers = (static_cast<double>(model.layers) - routed) * dense + routed * sparse;
    return outward * micro_batches * (layers + head + all.embedding.forward + all.embedding.backward);
  }
  const Dealing dealt = dealing(model, p);
  const double each = model.sparse() ? sparse : dense;  // the slowest stage has experts in every layer
  const double stage =
      std::min(static_cast<double>(dealt.stage) * each, static_cast<double>(dealt.last_stage) * each + head);
  return outward * (micro_batches * stage + static_cast<double>(dealt.fill) * each);
}

}  // namespace bandwright
