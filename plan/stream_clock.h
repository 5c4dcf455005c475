#pragma once
#include <array>
#include <vector>

#include "training/collective_curve.h"
#include "training/step_parts.h"

namespace bandwright {

// Plays a training step as it is written, to know when it ends: each stream is the time at which it is free.
// What is issued waits for streams, takes its time and sets those it occupies. A round of a block is then a
// linear map in max-plus algebra of the streams' times x:
//
//   x'[m] = max over the streams y that m waits for of x[y] + A[m][y]  =  x[f(m)] + A[m][f(m)]
//
// with advances a = x' - x. Where a[f(m)] >= a[y] for every such y, the next round takes the same way f and
// advances by a[f(m)]; once that is a again, all rounds that are left do, and are multiplied. Until then
// rounds are played. So nothing depends on when times repeat within a tolerance, but for the rounding of
// sums.
//
// Streams that occur between layers alone are known: compute, data, prefetch and pipeline. One that needs
// another says foreign(), and has no end here.
//
// `Value` is a number of ns, or a PathTime: then the way to the end has its bytes with it.
template <class Value>
class BasicStreamClock final : public StepStreams {
 public:
  explicit BasicStreamClock(const std::vector<Group>& groups) : groups_(groups) {}

  void compute(Label label, Time duration) override;
  void join(StreamSet waits) override;
  void repeat(std::int64_t times, Rounds write) override;
  [[nodiscard]] const Group& group(std::uint32_t index) const override { return groups_[index]; }

  void take(const Value& time) { now_[0].at += time; }  // of the compute stream
  void collective(const Value& time, StreamSet waits, StreamSet occupies);

  [[nodiscard]] Value end() const;
  [[nodiscard]] double end_ns() const { return ns_of(end()); }
  [[nodiscard]] bool foreign() const { return foreign_; }

 private:
  static constexpr std::size_t streams = 4;
  static double ns_of(double value) { return value; }
  static double ns_of(const PathTime& value) { return value.ns; }
  struct Mark {
    Value at{};
    std::uint8_t from = 0;     // whose time at the beginning of the round decides
    std::uint8_t reaches = 0;  // whose times matter, as bits
  };
  using Marks = std::array<Mark, streams>;
  static double ns(const Mark& mark) { return ns_of(mark.at); }

  [[nodiscard]] static unsigned known(StreamSet set);
  [[nodiscard]] Mark latest(unsigned set) const;
  [[nodiscard]] bool compute_alone(const Marks& before) const;
  static Marks begun(const Marks& marks, double begin);
  static Marks composed(const Marks& before, const Marks& round);

  const std::vector<Group>& groups_;
  Marks now_ = {Mark{{}, 0, 1}, Mark{{}, 1, 2}, Mark{{}, 2, 4}, Mark{{}, 3, 8}};
  bool foreign_ = false;
};

using StreamClock = BasicStreamClock<double>;
using PathClock = BasicStreamClock<PathTime>;

}  // namespace bandwright
