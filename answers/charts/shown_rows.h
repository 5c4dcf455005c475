#pragma once
#include <string>
#include <vector>

#include "experiment/store.h"

namespace bandwright {

// The points of an experiment that its figures show: those that are ok.
class ShownRows {
 public:
  struct Shown {
    const Row* row;
    std::string network;  // with what tells its points apart beside what figures show: "2D, dear"
  };
  // The rows live as long as the results.
  explicit ShownRows(const std::vector<Result>& results);

  // Of one loop, in the first view of that loop.
  [[nodiscard]] ShownRows of(const std::string& loop) const;
  [[nodiscard]] ShownRows of_model_on(const std::string& model, const std::string& network) const;
  [[nodiscard]] const std::vector<Shown>& rows() const { return rows_; }
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  // In the order in which they first come.
  [[nodiscard]] std::vector<std::string> loops() const;
  [[nodiscard]] std::vector<std::string> models() const;
  [[nodiscard]] std::vector<std::string> sources() const;
  // With several budgets, in `budget`, by their number of dimensions.
  [[nodiscard]] std::vector<std::string> networks(double Row::*budget = &Row::budget_gb_per_s) const;
  // The budget in the middle of those in GB/s; 0 where there is none.
  [[nodiscard]] double middle_budget() const;

 private:
  ShownRows() = default;
  void name_apart();
  std::vector<Shown> rows_;
};

}  // namespace bandwright
