#include "experiment/packed_results.h"

#include "runner/message.h"

namespace bandwright {
namespace {

void put_row(std::string& bytes, const Row& row) {
  for (const Column& column : columns()) put(bytes, std::string_view(cell_text(row, column)));
}

Row take_row(std::string_view& bytes) {
  Row row;
  for (const Column& column : columns()) set_cell(row, column, take_text(bytes));
  return row;
}

}  // namespace

std::string packed(const std::vector<Result>& results) {
  std::string bytes;
  put(bytes, results.size());
  for (const Result& result : results) {
    put_row(bytes, result.row);
    put(bytes, result.trace.size());
    for (const Iteration& step : result.trace) {
      put(bytes, step.number);
      put(bytes, step.objective);
      put(bytes, step.lower_bound);
      put(bytes, step.evaluations);
    }
  }
  return bytes;
}

std::vector<Result> unpacked(std::string_view bytes) {
  std::vector<Result> results(take<std::size_t>(bytes));
  for (Result& result : results) {
    result.row = take_row(bytes);
    result.trace.resize(take<std::size_t>(bytes));
    for (Iteration& step : result.trace) {
      step.number = take<int>(bytes);
      step.objective = take<double>(bytes);
      step.lower_bound = take<double>(bytes);
      step.evaluations = take<decltype(step.evaluations)>(bytes);
    }
  }
  return results;
}

}  // namespace bandwright
