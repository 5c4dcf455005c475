#pragma once
#include <limits>
#include <stop_token>
#include <utility>
#include <vector>

namespace bandwright {

// minimise  constant + cost . x   with   low <= A x <= high,   0 <= x <= upper,   some x whole.
class MixedIntegerProgram {
 public:
  struct Column {
    double cost = 0.0;
    double upper = 1.0;
    bool whole = false;
  };
  using Term = std::pair<int, double>;  // column, coefficient
  struct Row {
    double low, high;
    std::vector<Term> terms;  // a column may stand several times: its coefficients add up
  };
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  int add(Column column);
  int add_binary(double cost) { return add({.cost = cost, .upper = 1.0, .whole = true}); }
  void add_cost(int column, double cost) { columns[column].cost += cost; }
  void add_row(double low, double high, std::vector<Term> terms);
  [[nodiscard]] double objective(const std::vector<double>& x) const;

  double constant = 0.0;
  std::vector<Column> columns;
  std::vector<Row> rows;
};

struct MixedIntegerOptions {
  double gap = 1e-4;  // relative
  double time_limit_seconds = 60.0;
  std::vector<double> start;  // a feasible point, or empty
  // Ends the search with the best point found, if any. Where CBC does not hear it, in the midst of
  // preprocessing a relaxation, which takes seconds where there are 10,000 columns, nobody waits for it. The
  // limit does not end that.
  std::stop_token stop;
};

struct MixedIntegerSummary {
  enum class Stop {
    Gap,
    TimeLimit,
    Interrupted,  // by the stop token
    Infeasible,   // proved
    GivenUp,      // by CBC
  };
  Stop stop = Stop::GivenUp;
  std::vector<double> x;  // empty when nothing was found; whole columns are exactly whole
  double objective = MixedIntegerProgram::infinity;
  double bound = -MixedIntegerProgram::infinity;  // proved, however the search ended
};

// By CBC (branch and cut, https://github.com/coin-or/Cbc). One search after the other, whoever asks: CBC has
// global variables. One that nobody waits for any more ends by itself; the program's end waits for it.
MixedIntegerSummary solve(const MixedIntegerProgram& program, const MixedIntegerOptions& options);

}  // namespace bandwright
