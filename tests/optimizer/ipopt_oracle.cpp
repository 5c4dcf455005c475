#include "tests/optimizer/ipopt_oracle.h"

#include <IpIpoptApplication.hpp>
#include <IpTNLP.hpp>
#include <algorithm>
#include <limits>

namespace bandwright {
namespace {

using Ipopt::Index;
using Ipopt::Number;

// Variables x = (b / unit, tau / time). First and second derivatives of the rows and of the objective.
class Program : public Ipopt::TNLP {
 public:
  Program(const Problem& problem, const KnownCuts& known, std::vector<double> start)
      : problem_(problem), known_(known), n_(problem.dimensions), start_(std::move(start)) {
    unit_ = problem.constraints[0].bound / n_;
    time_ = known.at(start_);
    cost_ = problem.price.empty() ? 1.0 : cost(problem, start_);
  }

  std::vector<double> answer;

  bool get_nlp_info(Index& n, Index& m, Index& jacobian, Index& hessian, IndexStyleEnum& style) override {
    n = n_ + 1;
    m = static_cast<Index>(known_.cuts.size() + problem_.constraints.size());
    jacobian = n * m;
    hessian = n * (n + 1) / 2;
    style = C_STYLE;
    return true;
  }

  bool get_bounds_info(Index n, Number* low, Number* high, Index m, Number* row_low,
                       Number* row_high) override {
    std::fill(low, low + n, 1e-9);
    std::fill(high, high + n, 1e19);
    std::fill(row_low, row_low + m, -1e19);
    std::fill(row_high, row_high + m, 0.0);
    for (std::size_t k = 0; k < problem_.constraints.size(); ++k) {
      const Constraint& constraint = problem_.constraints[k];
      const std::size_t row = known_.cuts.size() + k;
      if (constraint.sense != Sense::AtMost) row_low[row] = constraint.bound / unit_;
      row_high[row] = constraint.sense == Sense::AtLeast ? 1e19 : constraint.bound / unit_;
    }
    return true;
  }

  bool get_starting_point(Index /*n*/, bool /*x*/, Number* x, bool /*z*/, Number* /*low*/, Number* /*high*/,
                          Index /*m*/, bool /*lambda*/, Number* /*multipliers*/) override {
    for (int d = 0; d < n_; ++d) x[d] = start_[static_cast<std::size_t>(d)] / unit_;
    x[n_] = 1.1;
    return true;
  }

  bool eval_f(Index /*n*/, const Number* x, bool /*is_new*/, Number& value) override {
    value = x[n_] * relative_cost(x);
    return true;
  }

  bool eval_grad_f(Index /*n*/, const Number* x, bool /*is_new*/, Number* gradient) override {
    for (int d = 0; d < n_; ++d) gradient[d] = x[n_] * relative_price(d);
    gradient[n_] = relative_cost(x);
    return true;
  }

  bool eval_g(Index /*n*/, const Number* x, bool /*is_new*/, Index /*m*/, Number* rows) override {
    const std::vector<double> b = bandwidths(x);
    for (const Cut& cut : known_.cuts) *rows++ = cut.at(b) / time_ - x[n_];
    for (const Constraint& constraint : problem_.constraints) {
      *rows = 0.0;
      for (int d = 0; d < n_; ++d) *rows += constraint.coefficients[static_cast<std::size_t>(d)] * x[d];
      ++rows;
    }
    return true;
  }

  bool eval_jac_g(Index n, const Number* x, bool /*is_new*/, Index m, Index /*size*/, Index* row,
                  Index* column, Number* values) override {
    if (values == nullptr) {
      for (Index i = 0; i < m * n; ++i) {
        row[i] = i / n;
        column[i] = i % n;
      }
      return true;
    }
    std::fill(values, values + m * n, 0.0);
    for (const Cut& cut : known_.cuts) {
      for (const Load& load : cut.loads) {
        const double shared = sum(load.dims, x);
        for (int d = 0; d < n_; ++d) {
          if (contains(load.dims, d)) values[d] -= load.bytes / (unit_ * time_ * shared * shared);
        }
      }
      values[n_] = -1.0;
      values += n;
    }
    for (const Constraint& constraint : problem_.constraints) {
      std::copy(constraint.coefficients.begin(), constraint.coefficients.end(), values);
      values += n;
    }
    return true;
  }

  bool eval_h(Index n, const Number* x, bool /*is_new*/, Number factor, Index /*m*/, const Number* lambda,
              bool /*new_lambda*/, Index size, Index* row, Index* column, Number* values) override {
    if (values == nullptr) {
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j <= i; ++j) {
          *row++ = i;
          *column++ = j;
        }
      }
      return true;
    }
    std::fill(values, values + size, 0.0);
    const auto at = [](Index i, Index j) { return i * (i + 1) / 2 + j; };
    for (const Cut& cut : known_.cuts) {
      for (const Load& load : cut.loads) {
        const double shared = sum(load.dims, x);
        const double curvature = *lambda * 2 * load.bytes / (unit_ * time_ * shared * shared * shared);
        for (int i = 0; i < n_; ++i) {
          for (int j = 0; j <= i; ++j) {
            if (contains(load.dims, i) && contains(load.dims, j)) values[at(i, j)] += curvature;
          }
        }
      }
      ++lambda;
    }
    for (int d = 0; d < n_; ++d) values[at(n_, d)] = factor * relative_price(d);
    return true;
  }

  void finalize_solution(Ipopt::SolverReturn /*status*/, Index /*n*/, const Number* x, const Number* /*low*/,
                         const Number* /*high*/, Index /*m*/, const Number* /*rows*/,
                         const Number* /*lambda*/, Number /*value*/, const Ipopt::IpoptData* /*data*/,
                         Ipopt::IpoptCalculatedQuantities* /*quantities*/) override {
    answer = bandwidths(x);
  }

 private:
  [[nodiscard]] double sum(DimensionSet dims, const Number* x) const {
    double total = 0.0;
    for (int d = 0; d < n_; ++d) total += contains(dims, d) ? x[d] : 0.0;
    return total;
  }
  [[nodiscard]] double relative_price(int d) const {
    return problem_.target == Target::Perf ? 0.0
                                           : problem_.price[static_cast<std::size_t>(d)] * unit_ / cost_;
  }
  [[nodiscard]] double relative_cost(const Number* x) const {
    if (problem_.target == Target::Perf) return 1.0;
    double total = problem_.fixed_cost / cost_;
    for (int d = 0; d < n_; ++d) total += relative_price(d) * x[d];
    return total;
  }
  [[nodiscard]] std::vector<double> bandwidths(const Number* x) const {
    std::vector<double> b(x, x + n_);
    for (double& value : b) value = std::max(value, 1e-12) * unit_;
    return b;
  }

  const Problem& problem_;
  const KnownCuts& known_;
  int n_;
  std::vector<double> start_;
  double unit_ = 1.0, time_ = 1.0, cost_ = 1.0;
};

}  // namespace

IpoptAnswer solve_by_ipopt(const Problem& problem, const KnownCuts& known, int starts, std::mt19937& random) {
  Ipopt::SmartPtr<Ipopt::IpoptApplication> application = IpoptApplicationFactory();
  application->Options()->SetIntegerValue("print_level", 0);
  application->Options()->SetStringValue("sb", "yes");
  application->Options()->SetNumericValue("tol", 1e-10);
  application->Options()->SetNumericValue("bound_relax_factor", 0.0);
  application->Initialize();
  IpoptAnswer best{{}, std::numeric_limits<double>::infinity()};
  for (int start = 0; start < starts; ++start) {
    std::vector<double> from(static_cast<std::size_t>(problem.dimensions),
                             problem.constraints[0].bound / problem.dimensions);
    if (start > 0) from = random_allocation(problem, random);
    Ipopt::SmartPtr<Program> program = new Program(problem, known, from);
    application->OptimizeTNLP(program);
    const std::vector<double>& b = program->answer;
    if (b.empty() || !feasible(problem, b, 1e-6 * problem.constraints[0].bound)) continue;
    const double objective = known.at(b) * (problem.target == Target::Perf ? 1.0 : cost(problem, b));
    if (objective < best.objective) best = {b, objective};
  }
  return best;
}

}  // namespace bandwright
