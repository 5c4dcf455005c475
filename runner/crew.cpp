#include "runner/crew.h"

#include <sched.h>
#include <tbb/parallel_for.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "core/stopping.h"
#include "runner/ranked_work.h"

namespace bandwright {
namespace {

// The cores that this process may use, or its share of the machine's where ranks are not bound to any.
int threads_of(const Ranks& ranks) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  const int cores =
      ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : static_cast<int>(online);
  return std::max(1, std::min(cores, static_cast<int>(online) / ranks.on_this_machine()));
}

}  // namespace

Crew::Crew(int threads) : Crew(threads, nullptr) {}

Crew::Crew(int threads, std::unique_ptr<Ranks> ranks)
    : ranks_(std::move(ranks)),
      threads_(threads == 0 && ranks_ ? threads_of(*ranks_) : threads),
      arena_(threads_ > 0 ? threads_ : tbb::task_arena::automatic) {}

Crew::~Crew() { leave(); }

std::string Crew::from_first(std::string text) {
  if (!ranks_) return text;
  ++meeting_;
  if (leads()) {
    const std::string bytes = begin_talk(Talk::Text, meeting_) + text;
    for (int rank = 1; rank < ranks_->size(); ++rank) ranks_->send(rank, bytes);
    return text;
  }
  const Ranks::Message message = wait_for_message(*ranks_);
  std::string_view bytes = message.bytes;
  if (take<Talk>(bytes) != Talk::Text) {
    ++left_;
    throw Dismissed{};
  }
  static_cast<void>(take<std::uint32_t>(bytes));
  return std::string(bytes);
}

bool Crew::run(const NumberedWork& work) {
  if (ranks_) {
    ++meeting_;
    return leads() ? lead_work(*ranks_, meeting_, threads_, work, left_)
                   : follow_work(*ranks_, meeting_, threads_, work, left_);
  }
  std::mutex one_at_a_time;
  std::atomic<bool> stopped = false;
  const std::stop_token stop = stop_of_thread();
  arena_.execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, work.pieces, 1),
        [&](const tbb::blocked_range<std::size_t>& range) {
          const StopScope scope(stop);
          for (std::size_t piece = range.begin(); piece != range.end(); ++piece) {
            if (stopped) return;
            if (work.stopped && work.stopped()) {
              stopped = true;
              return;
            }
            if (!work.stopped) StopCheck().look();
            work.compute(piece);
            if (!work.finished) continue;
            const std::lock_guard lock(one_at_a_time);
            work.finished(piece);
          }
        },
        tbb::simple_partitioner());
  });
  return !stopped;
}

// Each rank says that it is at its end and waits until all may go, so that no message is left on its way.
void Crew::leave(const std::string& problem) {
  if (!ranks_) return;
  const std::unique_ptr<Ranks> ranks = std::move(ranks_);
  const auto talk_of = [](const Ranks::Message& message) {
    std::string_view bytes = message.bytes;
    return take<Talk>(bytes);
  };
  if (ranks->rank() > 0) {
    ranks->send(0, begin_talk(Talk::Left, meeting_) + problem);
    while (left_ == 0) left_ += talk_of(wait_for_message(*ranks)) == Talk::Leave ? 1 : 0;
    return;
  }
  for (int rank = 1; rank < ranks->size(); ++rank) ranks->send(rank, begin_talk(Talk::Leave, meeting_));
  while (left_ + 1 < ranks->size()) left_ += talk_of(wait_for_message(*ranks)) == Talk::Left ? 1 : 0;
}

}  // namespace bandwright
