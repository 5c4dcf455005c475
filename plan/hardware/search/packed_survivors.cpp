#include "plan/hardware/search/packed_survivors.h"

#include <cmath>
#include <utility>

#include "runner/message.h"

namespace bandwright {
namespace {

template <class T>
void put_list(std::string& bytes, const std::vector<T>& list) {
  put(bytes, list.size());
  for (const T& each : list) put(bytes, each);
}

template <class T>
std::vector<T> take_list(std::string_view& bytes) {
  std::vector<T> list;
  for (auto left = take<std::size_t>(bytes); left > 0; --left) list.push_back(take<T>(bytes));
  return list;
}

}  // namespace

std::string packed_reached(std::span<const std::uint32_t> candidates, const Leaders& leaders) {
  std::vector<std::pair<std::uint32_t, double>> reached;
  for (const std::uint32_t each : candidates) {
    const double value = leaders.reached(each);
    if (std::isfinite(value)) reached.emplace_back(each, value);
  }
  std::string bytes;
  put(bytes, reached.size());
  for (const auto& [candidate, value] : reached) {
    put(bytes, candidate);
    put(bytes, value);
  }
  return bytes;
}

void unpack_reached(std::string_view& bytes, Leaders& leaders) {
  for (auto left = take<std::size_t>(bytes); left > 0; --left) {
    const auto candidate = take<std::uint32_t>(bytes);
    leaders.reach(candidate, take<double>(bytes));
  }
}

std::string packed_survivors(const std::vector<PairSurvivor>& survivors) {
  std::string bytes;
  for (const PairSurvivor& each : survivors) {
    put(bytes, each.candidate);
    put(bytes, each.arrangement);
    put_list(bytes, each.shape.npus);
    put_list(bytes, each.shape.classes);
    put_list(bytes, each.shape.kinds);
    put(bytes, each.bound);
  }
  return bytes;
}

std::vector<PairSurvivor> unpacked_survivors(std::string_view bytes) {
  std::vector<PairSurvivor> survivors;
  while (!bytes.empty()) {
    PairSurvivor one;
    one.candidate = take<std::uint32_t>(bytes);
    one.arrangement = take<std::uint32_t>(bytes);
    one.shape.npus = take_list<int>(bytes);
    one.shape.classes = take_list<std::size_t>(bytes);
    one.shape.kinds = take_list<std::uint8_t>(bytes);
    one.bound = take<double>(bytes);
    survivors.push_back(std::move(one));
  }
  return survivors;
}

}  // namespace bandwright
