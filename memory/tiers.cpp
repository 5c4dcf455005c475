#include "memory/tiers.h"

#include "core/fields.h"
#include "core/io/paths.h"

namespace bandwright {
namespace {

constexpr Bandwidth least_bandwidth = kinds::least_bandwidth;

const Fields<Tier>& one_tier_fields() {
  static const Fields<Tier> fields(
      "tier", "one kind of memory", required("name", &Tier::name, kinds::text(), "what answers call it"),
      required("capacity", &Tier::capacity, kinds::size(Bytes(1)), "beside one processor"),
      required("read", &Tier::read, kinds::bandwidth(least_bandwidth), "of a kernel bound by memory"),
      required("write", &Tier::write, kinds::bandwidth(least_bandwidth), "the same, to memory"),
      required("price_per_gb", &Tier::dollars_per_gb, kinds::number(0.0, 1e6), "dollars"));
  return fields;
}

const Fields<CopyBandwidth>& copy_fields() {
  static const Fields<CopyBandwidth> fields(
      "copies", "copies between two memories",
      required("to_fast", &CopyBandwidth::to_fast, kinds::bandwidth(least_bandwidth), "slow to fast"),
      required("to_slow", &CopyBandwidth::to_slow, kinds::bandwidth(least_bandwidth), "fast to slow"));
  return fields;
}

}  // namespace

const Fields<TierPair>& tier_fields() {
  static const Fields<TierPair> fields(
      "tiers", "a fast and a slow memory",
      required("name", &TierPair::name, kinds::text(), "what lists and answers call them"),
      required("help", &TierPair::help, kinds::text(), "one line for lists"),
      required("fast", &TierPair::fast, kinds::object(one_tier_fields()), "the fast memory"),
      required("slow", &TierPair::slow, kinds::object(one_tier_fields()), "the slow memory"),
      required("copies", &TierPair::copies, kinds::object(copy_fields()), "that the processor waits for"),
      required("overlapped", &TierPair::overlapped, kinds::object(copy_fields()),
               "while a kernel runs, one at a time"),
      required("compute", &TierPair::compute, kinds::flop_rate(),
               "sustained, of kernels nobody has measured"));
  return fields;
}

TierPair read_tiers(const YamlValue& root) { return tier_fields().read(root); }

TierPair load_tiers(std::string_view word) {
  return read_tiers(YamlValue::load(input_file("tiers", word, "tiers")));
}

}  // namespace bandwright
