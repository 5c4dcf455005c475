#include "simulator/player/secluded_lines.h"

#include <algorithm>

#include "core/stopping.h"

namespace bandwright {
namespace {

using Pair = std::pair<int, int>;  // positions of who sends and who receives

std::vector<Pair> pairs_of(const PlayedLines& played) {
  const int n = played.lines.front().npus;
  std::vector<Pair> pairs;
  StopCheck stop;
  for (const SeatProgram* program : played.programs) {
    for (const SeatProgram::Part& part : program->parts) {
      for (int round = 0; round < part.block.rounds; ++round) {
        for (int position = 0; position < n; ++position) {
          stop.look_now_and_then();
          const int count = part.block.pattern->sends(n, part.block, round, position);
          for (int i = 0; i < count; ++i)
            pairs.emplace_back(position, part.block.pattern->peer(n, part.block, round, position, i));
        }
      }
      std::sort(pairs.begin(), pairs.end());
      pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    }
  }
  return pairs;
}

// The line that alone takes each of what messages share.
class Owners {
 public:
  void take(std::uint32_t shared, std::uint32_t line) {
    if (owners_.size() <= shared) owners_.resize(shared + std::size_t{1}, nobody);
    std::uint32_t& owner = owners_[shared];
    if (owner == nobody) owner = line;
    if (owner == line) return;
    meets(owner);
    meets(line);
  }
  [[nodiscard]] std::vector<bool> alone(std::size_t lines) && {
    alone_.resize(lines, true);
    return std::move(alone_);
  }

 private:
  static constexpr std::uint32_t nobody = ~std::uint32_t{0};
  void meets(std::uint32_t line) {
    if (alone_.size() <= line) alone_.resize(line + std::size_t{1}, true);
    alone_[line] = false;
  }

  std::vector<std::uint32_t> owners_;  // the first that came
  std::vector<bool> alone_;
};

}  // namespace

std::int64_t messages_once(std::span<const PlayedLines> played) {
  std::int64_t messages = 0;
  for (const PlayedLines& each : played) {
    std::int64_t of_a_line = 0;
    for (const SeatProgram* program : each.programs) {
      for (const SeatProgram::Part& part : program->parts) {
        of_a_line += part.block.pattern->messages(each.lines.front().npus, part.block);
      }
    }
    messages += of_a_line * static_cast<std::int64_t>(each.lines.size());
  }
  return messages;
}

std::vector<bool> secluded_lines(std::span<const PlayedLines> played, WaysAhead& ways) {
  if (!ways.known()) return {};
  Owners owners;
  std::vector<std::uint32_t> shared;
  std::uint32_t number = 0;
  StopCheck stop;
  for (const PlayedLines& each : played) {
    const std::vector<Pair> pairs = pairs_of(each);
    for (const SeatLine& line : each.lines) {
      for (const auto& [from, to] : pairs) {
        stop.look_now_and_then();
        shared.clear();
        const Message message{
            .from = line.npu_at(from), .to = line.npu_at(to), .bytes = 1, .dimension = line.dimension};
        ways.add_shared(message, shared);
        for (const std::uint32_t one : shared) owners.take(one, number);
      }
      ++number;
    }
  }
  return std::move(owners).alone(number);
}

}  // namespace bandwright
