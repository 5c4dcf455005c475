#pragma once
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "simulator/scenario.h"
#include "topology/route.h"

namespace bandwright {

// The directed links of a grid, numbered dimension by dimension and line by line, and the routes over them. A
// failed link is gone round where its dimension's other links allow it.
class GridLinks {
 public:
  struct Physical {  // dimension
    const DimensionKind* kind;
    int npus;
    std::int64_t stride;
    std::uint32_t first_link;  // of line 0
    std::uint32_t links;       // per line
    Time latency;              // of a hop
    bool single_port;
    bool has_failures = false;
  };

  // Throws InputError for a link that does not exist, or when failed links disconnect NPUs.
  explicit GridLinks(const Scenario& scenario);

  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] const std::vector<Physical>& dimensions() const { return dimensions_; }
  [[nodiscard]] const Physical& dimension(int d) const { return dimensions_[static_cast<std::size_t>(d)]; }
  // Of links that differ: a factor on their bandwidth; 0: failed.
  [[nodiscard]] const std::map<std::uint32_t, double>& speeds() const { return speeds_; }
  // Appends the links that a message takes along one dimension.
  void add_route(const Hop& hop, std::int64_t sender, std::vector<std::uint32_t>& route);

 private:
  void apply(const LinkSpec& spec);
  void check_connected() const;
  [[nodiscard]] std::vector<std::uint32_t> direct_route(const Physical& d, std::int64_t line, int from,
                                                        int to) const;
  [[nodiscard]] std::vector<std::uint32_t> detour(const Physical& d, std::int64_t line, int from,
                                                  int to) const;
  [[nodiscard]] bool intact(std::span<const std::uint32_t> route) const;

  std::int64_t npus_;
  std::uint32_t count_ = 0;
  std::vector<Physical> dimensions_;
  std::map<std::uint32_t, double> speeds_;
  // Ways round failed links found before, by first link of the line and positions.
  std::map<std::pair<std::uint32_t, std::pair<int, int>>, std::vector<std::uint32_t>> detours_;
  std::vector<int> links_of_route_;  // scratch
};

}  // namespace bandwright
