#include "runner/crew.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <numeric>
#include <set>
#include <thread>

#include "core/error.h"
#include "core/io/database.h"
#include "core/stopping.h"
#include "runner/message.h"
#include "tests/runner/squares.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/thread_ranks.h"

namespace bandwright {
namespace {

constexpr int sizes[] = {1, 2, 3, 5};

TEST(Crew, TheFirstRankGetsEveryPieceOnceWhateverTheRanksAndThreads) {
  for (const int size : sizes) {
    for (const int threads : {1, 3}) {
      at_each_rank(size, threads, [](Crew& crew) {
        Squares squares{.values = std::vector<std::size_t>(1000)};
        EXPECT_TRUE(crew.run(squares.work()));
        if (!crew.leads()) return;
        expect_all(squares);
        EXPECT_EQ(squares.finished.size(), 1000);
        EXPECT_EQ(std::set(squares.finished.begin(), squares.finished.end()).size(), 1000);
      });
    }
  }
}

TEST(Crew, EveryRankGetsWhatAllWant) {
  for (const int size : sizes) {
    at_each_rank(size, 2, [](Crew& crew) {
      for (const std::size_t pieces : {0, 1, 7, 300}) {  // one meeting after the other
        Squares squares{.values = std::vector<std::size_t>(pieces)};
        EXPECT_TRUE(crew.run(squares.work(true)));
        expect_all(squares);
      }
    });
  }
}

TEST(Crew, TextsOfTheFirstReachAll) {
  at_each_rank(4, 1, [](Crew& crew) {
    EXPECT_EQ(crew.from_first(crew.leads() ? "one" : "other"), "one");
    EXPECT_EQ(crew.from_first(crew.leads() ? std::string(100'000, 'x') : ""), std::string(100'000, 'x'));
  });
}

TEST(Crew, AStopKeepsWhatIsFinishedAndIsKnownEverywhere) {
  for (const int size : sizes) {
    std::atomic<bool> stop = false;
    at_each_rank(size, 1, [&](Crew& crew) {
      Squares squares{.values = std::vector<std::size_t>(100'000)};
      NumberedWork work = squares.work();
      work.compute = [&, compute = work.compute](std::size_t i) {
        compute(i);
        if (i == 10) stop = true;
      };
      work.stopped = [&] { return stop.load(); };
      EXPECT_FALSE(crew.run(work));
      if (!crew.leads()) return;
      EXPECT_GE(squares.finished.size(), 1);
      EXPECT_LT(squares.finished.size(), 100'000);
      for (const std::size_t i : squares.finished) EXPECT_EQ(squares.values[i], i * i + 1);
    });
  }
}

// At whatever rank it happens, the first one throws it after what was begun is finished; others are
// dismissed.
TEST(Crew, AnExceptionComesThroughAtTheFirstRank) {
  for (const int size : sizes) {
    std::atomic<int> dismissed = 0;
    std::atomic<int> thrown = 0;
    at_each_rank(size, 1, [&](Crew& crew) {
      Squares squares{.values = std::vector<std::size_t>(1000)};
      NumberedWork work = squares.work();
      work.compute = [&, compute = work.compute](std::size_t i) {
        if (i == 400) throw InputError("piece 400");
        compute(i);
      };
      try {
        crew.run(work);
        ADD_FAILURE() << "nothing thrown";
      } catch (const InputError& error) {
        EXPECT_THAT(error.what(), ::testing::EndsWith("piece 400"));
        ++thrown;
      } catch (const Dismissed&) {
        ++dismissed;
      }
    });
    EXPECT_GE(thrown, 1);
    EXPECT_LE(thrown, 2);  // at the first, and where it happened
    EXPECT_EQ(thrown + dismissed, size);
  }
}

TEST(Crew, ARankThatFailsByItselfEndsTheWork) {
  at_each_rank(3, 1, [](Crew& crew) {
    Squares squares{.values = std::vector<std::size_t>(10'000)};
    static std::atomic<int> helpers = 0;
    if (!crew.leads() && helpers++ == 0) return crew.leave("no such file");
    NumberedWork work = squares.work();
    work.compute = [compute = work.compute](std::size_t i) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      compute(i);
    };
    if (crew.leads()) {
      EXPECT_THROW(crew.run(work), InputError);
    } else {
      EXPECT_THROW(crew.run(work), Dismissed);
    }
  });
}

TEST(Crew, WhenTheFirstLeavesOthersAreDismissed) {
  at_each_rank(3, 1, [](Crew& crew) {
    if (crew.leads()) return;
    EXPECT_THROW(crew.from_first({}), Dismissed);
  });
}

// A question of two runs, the second of what the first gave: sums of squares so far. Counts what is computed.
struct Sums {
  std::vector<std::size_t> squares = std::vector<std::size_t>(200);
  std::vector<std::size_t> sums = std::vector<std::size_t>(200);
  std::atomic<int>& computed;
  int most;  // then it is asked to stop

  bool run(Crew& crew) {
    return run_of(crew, squares, [](std::size_t i) { return i * i; }) &&
           run_of(crew, sums, [this](std::size_t i) {
             return std::accumulate(squares.begin(), squares.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                    std::size_t{0});
           });
  }

 private:
  bool run_of(Crew& crew, std::vector<std::size_t>& values,
              const std::function<std::size_t(std::size_t)>& of) {
    return crew.run(
        {.pieces = values.size(),
         .compute =
             [&](std::size_t i) {
               values[i] = of(i);
               ++computed;
             },
         .pack =
             [&](std::size_t i) {
               std::string bytes;
               put(bytes, values[i]);
               return bytes;
             },
         .unpack = [&](std::size_t i, std::string_view bytes) { values[i] = take<std::size_t>(bytes); },
         .everywhere = true,
         .stopped = [this] { return computed >= most; }});
  }
};

std::unique_ptr<Checkpoint> checkpoint_of(const Crew& crew, const std::filesystem::path& file) {
  return crew.leads() ? std::make_unique<Checkpoint>(file, "sums") : nullptr;
}

// Stopped after 50 pieces, 250 and never: 400 are computed in all, each once, but for those that others had
// begun when the first one stopped.
TEST(Crew, WhatACheckpointHasIsNotComputedAgain) {
  constexpr std::size_t whole =
      std::size_t{199} * 200 * 399 / 6;  // 0 + 1 + ... + n^2 = n (n + 1) (2 n + 1) / 6
  for (const int size : {1, 3}) {
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "sums.sqlite";
    int all = 0;
    for (const int most : {50, 250, 1'000'000}) {
      std::atomic<int> computed = 0;
      at_each_rank(size, 1, [&](Crew& crew) {
        crew.go_on_from(checkpoint_of(crew, file));
        Sums sums{.computed = computed, .most = most};
        const bool complete = sums.run(crew);
        EXPECT_EQ(complete, most > 400);
        EXPECT_EQ(complete ? sums.sums.back() : whole, whole);
      });
      all += computed;
    }
    EXPECT_GE(all, 400) << size;
    EXPECT_LE(all, 400 + 2 * 2 * size) << size;  // two stops, two pieces on their way at each rank
  }
}

TEST(Crew, APieceThatIsAskedToStopIsNotFinished) {
  for (const int size : {1, 3}) {
    at_each_rank(size, 1, [](Crew& crew) {
      Squares squares{.values = std::vector<std::size_t>(100)};
      NumberedWork work = squares.work();
      work.compute = [](std::size_t) { throw Stopped{}; };
      work.stopped = [] { return false; };  // not yet when it was asked before the piece
      EXPECT_FALSE(crew.run(work));
      EXPECT_TRUE(squares.finished.empty());
    });
  }
}

TEST(Checkpoint, ADamagedPieceIsComputedAgain) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "sums.sqlite";
  for (const int wanted : {400, 0, 1}) {
    std::atomic<int> computed = 0;
    {
      Crew crew(1);
      crew.go_on_from(checkpoint_of(crew, file));
      Sums sums{.computed = computed, .most = 1'000'000};
      EXPECT_TRUE(sums.run(crew));
    }
    EXPECT_EQ(computed, wanted);
    if (wanted != 0) continue;
    Database database(file, {.application = 0x42574350, .version = 1, .create_tables = {}},
                      Database::Access::Write);
    database.run("UPDATE pieces SET bytes = 'damaged.' WHERE run = 1 AND piece = 7");
  }
}

}  // namespace
}  // namespace bandwright
