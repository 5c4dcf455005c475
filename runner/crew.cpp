#include "runner/crew.h"

#include <sched.h>
#include <tbb/task_group.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "core/stopping.h"
#include "runner/message.h"
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

bool Crew::run(const NumberedWork& work) { return goes_on_ && work.pack ? run_rest(work) : run_all(work); }

void Crew::go_on_from(std::unique_ptr<Checkpoint> checkpoint) {
  checkpoint_ = std::move(checkpoint);
  goes_on_ = true;
}

bool Crew::run_rest(const NumberedWork& work) {
  const std::uint32_t run = runs_++;
  const std::string known = from_first(checkpoint_ ? checkpoint_->finished(run) : std::string());
  std::vector<bool> is_known(work.pieces);
  for (std::string_view rest = known; !rest.empty();) {
    const auto piece = take<std::size_t>(rest);
    const std::string_view bytes = take_text(rest);
    if (piece >= work.pieces) continue;
    is_known[piece] = true;
    work.unpack(piece, bytes);
    if (work.finished && leads()) work.finished(piece);
  }
  std::vector<std::size_t> left;
  for (std::size_t piece = 0; piece < work.pieces; ++piece) {
    if (!is_known[piece]) left.push_back(piece);
  }
  const bool complete =
      run_all({.pieces = left.size(),
               .compute = [&](std::size_t i) { work.compute(left[i]); },
               .pack = [&](std::size_t i) { return work.pack(left[i]); },
               .unpack = [&](std::size_t i, std::string_view bytes) { work.unpack(left[i], bytes); },
               .finished =
                   [&](std::size_t i) {
                     if (checkpoint_) checkpoint_->keep(run, left[i], work.pack(left[i]));
                     if (work.finished) work.finished(left[i]);
                   },
               .everywhere = work.everywhere,
               .stopped = work.stopped});
  // What comes next is made of these pieces: they are in the file before it is.
  if (checkpoint_) checkpoint_->save();
  return complete;
}

bool Crew::run_all(const NumberedWork& work) {
  if (ranks_) {
    ++meeting_;
    return leads() ? lead_work(*ranks_, meeting_, threads_, work, left_)
                   : follow_work(*ranks_, meeting_, threads_, work, left_);
  }
  std::atomic<bool> stopped = false;
  arena_.execute([&] { run_in_threads(work, stopped); });
  return !stopped;
}

void Crew::run_in_threads(const NumberedWork& work, std::atomic<bool>& stopped) {
  std::mutex one_at_a_time;
  std::atomic<std::size_t> next = 0;
  const std::stop_token stop = stop_of_thread();
  const auto take_turns = [&] {
    const StopScope scope(stop);
    for (std::size_t piece = next++; piece < work.pieces && !stopped; piece = next++) {
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
  };
  tbb::task_group threads;
  for (int i = 0; i < arena_.max_concurrency(); ++i) {
    threads.run([&] {
      try {
        take_turns();
      } catch (const Stopped&) {
        stopped = true;
        if (!work.stopped) throw;
      } catch (...) {
        stopped = true;
        throw;
      }
    });
  }
  threads.wait();
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
