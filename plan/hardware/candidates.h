#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plan/hardware/free_step.h"
#include "plan/hardware/hardware_space.h"
#include "plan/hardware/path_bound.h"
#include "plan/hardware/together.h"

namespace bandwright {

// Of how many points what became: properties of the space.
struct HardwareCounts {
  double divisions = 0.0;  // combinations
  std::int64_t valid = 0;  // divisions
  std::int64_t fit = 0;    // of these, into memory
  double shapes = 0.0;
  double points = 0.0;      // a division that fits, a shape, and an order of its groups over it, each once
  double algorithms = 0.0;  // the same with a collective algorithm for each part of a group
};

// Divisions with the same passes: they differ in what is computed again, and do not differ in any time.
struct FreeCandidate {
  double bound = 0.0;  // of the goal, whatever the network
  AxisPath path;       // that the bound is of
  std::uint32_t sizes = 0;
  std::uint32_t micro_batch = 1;
  std::uint16_t virtual_stages = 1;
  std::uint8_t zero = 0;
  std::uint8_t recompute = 0;  // values, as bits
  bool sequence_parallel = false;
};

// One order of the groups over dimensions, of divisions with the same sizes.
struct Arrangement {
  std::uint32_t sizes = 0;
  std::vector<std::string> placement;
};

// Everything discrete of a space but the shapes: divisions that fit, with a bound of their step whatever the
// shape, and the orders of their groups.
class HardwareCandidates {
 public:
  HardwareCandidates(const HardwareSpace& space, const HardwareSearch& search, Crew& crew);

  [[nodiscard]] bool interrupted() const { return interrupted_; }
  [[nodiscard]] std::int64_t npus() const { return npus_; }
  [[nodiscard]] const std::vector<GroupSizes>& sizes() const { return sizes_; }
  [[nodiscard]] const std::vector<FreeCandidate>& all() const { return candidates_; }
  // Of each sizes, the lowest bound first.
  [[nodiscard]] const std::vector<std::vector<std::uint32_t>>& by_sizes() const { return by_sizes_; }
  [[nodiscard]] const std::vector<Arrangement>& arrangements() const { return arrangements_; }
  // Of each sizes: divisions, and those that do not fit.
  struct Tally {
    std::int64_t valid = 0;
    std::int64_t do_not_fit = 0;
  };
  [[nodiscard]] const std::vector<Tally>& tallies() const { return tallies_; }
  [[nodiscard]] const HardwareCounts& counts() const { return counts_; }
  [[nodiscard]] const std::optional<RankedDivision>& smallest() const { return smallest_; }

  [[nodiscard]] Parallelism division(const FreeCandidate& candidate) const;
  [[nodiscard]] Parallelism placed(std::uint32_t candidate, std::uint32_t arrangement) const {
    Parallelism p = division(candidates_[candidate]);
    p.placement = arrangements_[arrangement].placement;
    return p;
  }

 private:
  // Of some sizes.
  struct Found {
    std::vector<FreeCandidate> candidates;
    Tally tally;
    std::optional<FreeCandidate> smallest;  // bill of memory that does not fit
    double smallest_bytes = 0.0;
  };
  void enumerate(Crew& crew);
  [[nodiscard]] Found of_sizes(std::uint32_t sizes, FreeStep& step) const;
  static std::string packed(const Found& found);
  static Found unpacked(std::string_view bytes);
  void arrange();
  void count();

  const HardwareSpace& space_;
  const HardwareSearch& search_;
  std::int64_t npus_;
  DivisionDomains domains_;
  double capacity_;
  Together together_;
  Network flat_;

  std::vector<GroupSizes> sizes_;
  std::vector<FreeCandidate> candidates_;
  std::vector<std::vector<std::uint32_t>> by_sizes_;
  std::vector<Arrangement> arrangements_;
  std::vector<Tally> tallies_;
  HardwareCounts counts_;
  std::optional<RankedDivision> smallest_;
  bool interrupted_ = false;
};

}  // namespace bandwright
