#pragma once
#include <optional>
#include <string>

namespace bandwright {

// The processes that a launcher (mpirun, srun) started together, and how they talk: bytes from one to
// another, those of one sender in their order. Called by one thread, the one that made it.
class Ranks {
 public:
  struct Message {
    int from = 0;
    std::string bytes;
  };

  Ranks() = default;
  virtual ~Ranks() = default;  // ends talking; all ranks must
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  [[nodiscard]] virtual int rank() const = 0;  // from 0
  [[nodiscard]] virtual int size() const = 0;
  [[nodiscard]] virtual int on_this_machine() const = 0;  // itself included
  virtual void send(int to, const std::string& bytes) = 0;
  virtual std::optional<Message> receive() = 0;  // one that has come; does not wait
};

// What the module that talks MPI exports.
using MakeRanks = Ranks*();
inline constexpr const char* make_ranks_name = "bandwright_make_ranks";

}  // namespace bandwright
