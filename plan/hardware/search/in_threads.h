#pragma once
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <atomic>
#include <functional>

#include "plan/hardware/free_step.h"

namespace bandwright {

// work(i, step) for every i below `count`, in their order, on all threads of an arena, each with a step of
// its own; until it is to stop.
template <class Work>
void in_threads(tbb::task_arena& arena, const TrainingJob& job, std::size_t count,
                const std::function<bool()>& stop, Work work) {
  std::atomic<std::size_t> next{0};
  arena.execute([&] {
    tbb::task_group group;
    for (int t = 0; t < arena.max_concurrency(); ++t) {
      group.run([&] {
        FreeStep step(job);
        for (std::size_t i = next++; i < count && !(stop && stop()); i = next++) work(i, step);
      });
    }
    group.wait();
  });
}

}  // namespace bandwright
