// Ranks over MPI, as a module: loaded by runner/launch.cpp.
#include <mpi.h>

#include <algorithm>

#include "runner/ranks.h"

namespace bandwright {
namespace {

class MpiRanks : public Ranks {
 public:
  MpiRanks() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    MPI_Comm machine = MPI_COMM_NULL;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &machine);
    MPI_Comm_size(machine, &on_this_machine_);
    MPI_Comm_free(&machine);
  }
  ~MpiRanks() override { MPI_Finalize(); }
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  [[nodiscard]] int on_this_machine() const override { return on_this_machine_; }

  void send(int to, const std::string& bytes) override {
    std::size_t at = 0;
    do {  // the last part, of another tag, is never a whole one
      const std::size_t count = std::min(part, bytes.size() - at);
      MPI_Send(bytes.data() + at, static_cast<int>(count), MPI_BYTE, to, count < part ? last_tag : part_tag,
               MPI_COMM_WORLD);
      at += count;
      if (count < part) return;
    } while (true);
  }

  std::optional<Message> receive() override {
    int there = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
    if (there == 0) return std::nullopt;
    Message message{.from = status.MPI_SOURCE};
    bool last = false;
    while (!last) {
      MPI_Probe(message.from, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
      int count = 0;
      MPI_Get_count(&status, MPI_BYTE, &count);
      const std::size_t at = message.bytes.size();
      message.bytes.resize(at + static_cast<std::size_t>(count));
      MPI_Recv(message.bytes.data() + at, count, MPI_BYTE, message.from, status.MPI_TAG, MPI_COMM_WORLD,
               MPI_STATUS_IGNORE);
      last = status.MPI_TAG == last_tag;
    }
    return message;
  }

 private:
  static constexpr std::size_t part = std::size_t{1} << 28;  // MPI counts bytes in an int
  static constexpr int part_tag = 0;
  static constexpr int last_tag = 1;

  int rank_ = 0;
  int size_ = 1;
  int on_this_machine_ = 1;
};

}  // namespace
}  // namespace bandwright

extern "C" __attribute__((visibility("default"))) bandwright::Ranks* bandwright_make_ranks() {
  return new bandwright::MpiRanks;
}
