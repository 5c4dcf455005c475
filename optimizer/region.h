#pragma once
#include <string>
#include <vector>

#include "optimizer/problem.h"
#include "optimizer/solvers/interior_point.h"

namespace bandwright {

// The allocations a problem's constraints allow, as a polyhedron in scaled bandwidths x = b / unit_gb_per_s,
// every row scaled to a largest coefficient of 1:
//
//   rows x <= bounds     (the first rows, one per dimension, say -x_d <= 0)
//   equalities x = values
struct Region {
  double unit_gb_per_s = 1.0;
  Vector upper;  // x_d <= upper_d throughout
  Matrix rows;
  Vector bounds;
  Matrix equalities;
  Vector values;
};

Region region_of(const Problem& problem);
Region with_row(Region region, const Vector& row, double bound);
// Largest value of each bandwidth in GB/s that the constraints imply one at a time, infinite where they imply
// none: every other dimension of a constraint is taken where it leaves most room, until nothing changes.
std::vector<double> upper_bounds(const Problem& problem);

// One number per row and per equality of a region.
struct Multipliers {
  Vector rows;
  Vector equalities;
};

// The region as the interior point method needs it. Rows that hold with equality throughout the region (caps
// that add up to the budget; a floor that is also the cap) leave no strict interior: they become equalities,
// and equalities that follow from others are left out.
struct Face {
  std::vector<int> row_of;       // row i here is row row_of[i] of the region
  std::vector<int> equality_of;  // likewise; beyond the region's equalities follow its rows
  Matrix rows;
  Vector bounds;
  Matrix equalities;
  Vector values;
  Vector inside;  // strictly within the rows, on the equalities
  // Why rows became equalities: combinations of rows that add up to 0 <= 0. Any multiple may be added to
  // multipliers, which turns those of such rows non-negative.
  std::vector<Multipliers> proofs;
  bool empty = false;
};

// Finds the face and a point well inside it: `guess` if that will do, else by minimising the largest
// violation of a row, a linear program. An empty region has a face that is `empty`.
Face face_of(const Region& region, const Vector& guess);

// Multipliers of the face's rows and equalities as multipliers of the region's, those of rows >= 0.
Multipliers lift(const Region& region, const Face& face, const Vector& rows, const Vector& equalities);

// A smallest set of constraints that allows no allocation in which every set of `loaded` has bandwidth, by
// leaving out one constraint after another for as long as the rest still contradict each other.
// REQUIRES: all of them together do.
std::vector<std::string> conflict_among(const Problem& problem, const std::vector<DimensionSet>& loaded);

}  // namespace bandwright
