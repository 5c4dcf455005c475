#include "plan/hardware/proof/closed_sizes.h"

#include <utility>

#include "runner/message.h"

namespace bandwright {
namespace {

void put_pair(std::string& bytes, const ClosedPair& pair) {
  put(bytes, pair.virtual_stages);
  put(bytes, pair.micro_batch);
  put(bytes, pair.zero);
  put(bytes, pair.recompute);
  put(bytes, pair.sequence_parallel);
  put(bytes, std::string_view(pair.groups));
  put(bytes, pair.npus.size());
  for (const int n : pair.npus) put(bytes, n);
  put(bytes, std::string_view(pair.kinds));
  put(bytes, pair.cuts.size());
  for (const ClosedPair::Cut& cut : pair.cuts) {
    put(bytes, cut.weight);
    for (const double each : cut.gb_per_s) put(bytes, each);  // one for each dimension
  }
  put(bytes, pair.bound);
}

ClosedPair take_pair(std::string_view& bytes) {
  ClosedPair pair;
  pair.virtual_stages = take<std::int64_t>(bytes);
  pair.micro_batch = take<std::int64_t>(bytes);
  pair.zero = take<int>(bytes);
  pair.recompute = take<Recomputation>(bytes);
  pair.sequence_parallel = take<bool>(bytes);
  pair.groups = take_text(bytes);
  for (auto left = take<std::size_t>(bytes); left > 0; --left) pair.npus.push_back(take<int>(bytes));
  pair.kinds = take_text(bytes);
  for (auto left = take<std::size_t>(bytes); left > 0; --left) {
    ClosedPair::Cut cut{.weight = take<double>(bytes), .gb_per_s = {}};
    for (std::size_t d = 0; d < pair.npus.size(); ++d) cut.gb_per_s.push_back(take<double>(bytes));
    pair.cuts.push_back(std::move(cut));
  }
  pair.bound = take<double>(bytes);
  return pair;
}

}  // namespace

std::string packed(const ClosedSizes& line) {
  std::string bytes;
  put(bytes, line.sizes);
  put(bytes, line.valid);
  put(bytes, line.do_not_fit);
  put(bytes, line.above_bound);
  put(bytes, line.least_bound.has_value());
  put(bytes, line.least_bound.value_or(0.0));
  put(bytes, line.by_path);
  for (const ClosedPair& pair : line.pairs) put_pair(bytes, pair);
  return bytes;
}

ClosedSizes unpacked_closed_sizes(std::string_view bytes) {
  ClosedSizes line;
  line.sizes = take<GroupSizes>(bytes);
  line.valid = take<std::int64_t>(bytes);
  line.do_not_fit = take<std::int64_t>(bytes);
  line.above_bound = take<std::int64_t>(bytes);
  const auto bounded = take<bool>(bytes);
  const auto least = take<double>(bytes);
  if (bounded) line.least_bound = least;
  line.by_path = take<std::int64_t>(bytes);
  while (!bytes.empty()) line.pairs.push_back(take_pair(bytes));
  return line;
}

}  // namespace bandwright
