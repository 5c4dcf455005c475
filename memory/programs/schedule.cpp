#include "memory/programs/schedule.h"

namespace bandwright {

std::string_view move_name(Move move) {
  switch (move) {
    case Move::Fetch:
      return "fetch";
    case Move::WriteBack:
      return "write-back";
    case Move::Drop:
      return "drop";
  }
  return "";
}

std::vector<Residency> residencies(const TrainingGraph& graph, const Schedule& schedule) {
  const Users uses = users(graph);
  std::vector<Residency> result;
  std::vector<int> since(uses.size(), -1);  // the kernel a stay began at
  for (std::size_t t = 0; t < uses.size(); ++t) {
    if (schedule.born_fast[t] && !uses[t].empty()) since[t] = uses[t].front();
  }
  for (const Action& action : schedule.actions) {
    if (action.move == Move::Fetch) since[action.tensor] = action.kernel;
    if (action.move == Move::Drop) {
      result.push_back({action.tensor, since[action.tensor], action.kernel});
      since[action.tensor] = -1;
    }
  }
  for (std::size_t t = 0; t < uses.size(); ++t) {
    if (since[t] >= 0) result.push_back({static_cast<int>(t), since[t], uses[t].back()});
  }
  return result;
}

}  // namespace bandwright
