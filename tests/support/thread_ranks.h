#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runner/crew.h"

namespace bandwright {

// Ranks as threads of this process: what MPI does, without its processes.
class Post {
 public:
  explicit Post(int size) : boxes_(static_cast<std::size_t>(size)) {}
  [[nodiscard]] int size() const { return static_cast<int>(boxes_.size()); }

  void send(int to, Ranks::Message message) {
    const std::lock_guard lock(mutex_);
    boxes_[static_cast<std::size_t>(to)].push_back(std::move(message));
  }
  std::optional<Ranks::Message> receive(int rank) {
    const std::lock_guard lock(mutex_);
    std::deque<Ranks::Message>& box = boxes_[static_cast<std::size_t>(rank)];
    if (box.empty()) return std::nullopt;
    Ranks::Message message = std::move(box.front());
    box.pop_front();
    return message;
  }

 private:
  std::mutex mutex_;
  std::vector<std::deque<Ranks::Message>> boxes_;
};

class ThreadRanks : public Ranks {
 public:
  ThreadRanks(Post& post, int rank) : post_(post), rank_(rank) {}
  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return post_.size(); }
  [[nodiscard]] int on_this_machine() const override { return post_.size(); }
  void send(int to, const std::string& bytes) override { post_.send(to, {rank_, bytes}); }
  std::optional<Message> receive() override { return post_.receive(rank_); }

 private:
  Post& post_;
  int rank_;
};

// Runs the same function at each rank, as a launcher does.
inline void at_each_rank(int size, int threads, const std::function<void(Crew&)>& function) {
  if (size == 1) {
    Crew crew(threads);
    return function(crew);
  }
  Post post(size);
  std::vector<std::jthread> ranks;
  for (int rank = 0; rank < size; ++rank) {
    ranks.emplace_back([&, rank] {
      Crew crew(threads, std::make_unique<ThreadRanks>(post, rank));
      function(crew);
    });
  }
}

}  // namespace bandwright
