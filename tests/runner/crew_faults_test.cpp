// Work that goes wrong somewhere, stops at an odd moment, or has hardly any pieces: known at every rank.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "runner/crew.h"
#include "tests/runner/squares.h"
#include "tests/support/thread_ranks.h"

namespace bandwright {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

// What a run came to at a rank.
std::string outcome_of(Crew& crew, const NumberedWork& work) {
  try {
    return crew.run(work) ? "complete" : "stopped";
  } catch (const InputError& error) {
    return error.what();
  } catch (const Dismissed&) {
    return "dismissed";
  }
}

// Of each rank, the first one in front.
std::vector<std::string> outcomes_of(int size, std::size_t pieces,
                                     const std::function<NumberedWork(Squares&, bool leads)>& work) {
  std::mutex mutex;
  std::vector<std::string> all(1);
  at_each_rank(size, 1, [&](Crew& crew) {
    Squares squares{.values = std::vector<std::size_t>(pieces)};
    const std::string outcome = outcome_of(crew, work(squares, crew.leads()));
    const std::lock_guard lock(mutex);
    if (crew.leads()) all.front() = outcome;
    if (!crew.leads()) all.push_back(outcome);
  });
  return all;
}

void take_a_while() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

// So that a fast rank does not do all of the work before another has done what it is to do.
void wait_for(const std::atomic<bool>& happened) {
  for (int tries = 0; tries < 20'000 && !happened; ++tries) take_a_while();
}

// Stopped when the last piece is computed: nothing is left to stop, with ranks as without.
TEST(CrewFaults, AStopAfterTheLastPieceStopsNothing) {
  for (const int size : {1, 2, 4}) {
    std::atomic<int> computed = 0;
    const auto outcomes = outcomes_of(size, 40, [&](Squares& squares, bool /*leads*/) {
      NumberedWork work = squares.work(true);
      work.compute = [&, compute = work.compute](std::size_t i) {
        compute(i);
        take_a_while();
        ++computed;
      };
      work.stopped = [&] { return computed >= 40; };
      return work;
    });
    EXPECT_EQ(computed, 40);
    EXPECT_THAT(outcomes, testing::Each("complete")) << size;
  }
}

// Before the first piece: none is begun, and every rank knows.
TEST(CrewFaults, AStopBeforeTheFirstPieceStopsAll) {
  for (const int size : {1, 3}) {
    std::atomic<int> computed = 0;
    const auto outcomes = outcomes_of(size, 40, [&](Squares& squares, bool /*leads*/) {
      NumberedWork work = squares.work(true);
      work.compute = [&](std::size_t) { ++computed; };
      work.stopped = [] { return true; };
      return work;
    });
    EXPECT_EQ(computed, 0);
    EXPECT_THAT(outcomes, testing::Each("stopped")) << size;
  }
}

// A stop that another rank alone is told of.
TEST(CrewFaults, AStopAtAnotherRankStopsAll) {
  const auto outcomes = outcomes_of(3, 5000, [&](Squares& squares, bool leads) {
    NumberedWork work = squares.work(true);
    work.compute = [compute = work.compute](std::size_t i) {
      take_a_while();
      compute(i);
    };
    if (!leads) work.stopped = [] { return true; };
    return work;
  });
  EXPECT_THAT(outcomes, testing::Each("stopped"));
}

enum class Place { Compute, Pack, Unpack, Finished };
struct FaultCase {
  const char* name;
  Place place;
  bool at_the_first;  // else at the others
};

// Whatever fails, and wherever: the first rank says why, naming the rank where it was another; nobody waits
// for ever. A rank where nothing failed is dismissed.
TEST(CrewFaults, AFaultAnywhereIsSaidByTheFirst) {
  const std::vector<FaultCase> cases = {{"computing at the first", Place::Compute, true},
                                        {"computing at another", Place::Compute, false},
                                        {"packing at another", Place::Pack, false},
                                        {"unpacking at the first", Place::Unpack, true},
                                        {"what follows a piece", Place::Finished, true}};
  for (const FaultCase& each : cases) {
    std::atomic<bool> happened = false;
    const auto outcomes = outcomes_of(3, 40, [&](Squares& squares, bool leads) {
      NumberedWork work = squares.work();
      const auto fail = [&happened] {
        happened = true;
        throw InputError("out of paper");
      };
      const bool here = leads == each.at_the_first;
      const bool waits = each.place == Place::Unpack ? leads : !here;
      work.compute = [&, here, waits, fail, compute = work.compute](std::size_t i) {
        if (waits) wait_for(happened);
        if (each.place == Place::Compute && here) fail();
        compute(i);
      };
      if (each.place == Place::Pack && here)
        work.pack = [fail](std::size_t) -> std::string { return fail(), ""; };
      if (each.place == Place::Unpack && here)
        work.unpack = [fail](std::size_t, std::string_view) { fail(); };
      if (each.place == Place::Finished && here) work.finished = [fail](std::size_t) { fail(); };
      return work;
    });
    ASSERT_EQ(outcomes.size(), 3U);
    const auto dismissed = std::count(outcomes.begin() + 1, outcomes.end(), "dismissed");
    if (each.at_the_first) {
      EXPECT_EQ(outcomes[0], "out of paper") << each.name;
      EXPECT_EQ(dismissed, 2) << each.name;
    } else {
      EXPECT_THAT(outcomes[0], AnyOf("rank 1: out of paper", "rank 2: out of paper")) << each.name;
      EXPECT_LE(dismissed, 1) << each.name;
    }
    for (std::size_t rank = 1; rank < 3; ++rank)
      EXPECT_THAT(outcomes[rank], AnyOf("dismissed", "out of paper")) << each.name;
  }
}

// What is thrown need be no error of ours.
TEST(CrewFaults, AnythingThatIsThrownComesThrough) {
  for (const int size : {1, 2}) {
    std::atomic<int> thrown = 0;
    at_each_rank(size, 1, [&](Crew& crew) {
      Squares squares{.values = std::vector<std::size_t>(10)};
      NumberedWork work = squares.work();
      work.compute = [](std::size_t) { throw 7; };
      try {
        crew.run(work);
      } catch (const Dismissed&) {
      } catch (int) {
        ++thrown;
      } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("unknown"));
        ++thrown;
      }
    });
    EXPECT_GE(thrown, 1) << size;
  }
}

// Why another rank went is said by the first.
TEST(CrewFaults, ARankThatLeavesSaysWhy) {
  for (const char* problem : {"no such file", ""}) {
    at_each_rank(2, 1, [&](Crew& crew) {
      if (!crew.leads()) return crew.leave(problem);
      Squares squares{.values = std::vector<std::size_t>(2000)};
      NumberedWork work = squares.work();
      work.compute = [compute = work.compute](std::size_t i) {
        take_a_while();
        compute(i);
      };
      EXPECT_EQ(outcome_of(crew, work), *problem == '\0' ? "rank 1: it ended" : "rank 1: no such file");
    });
  }
}

// Fewer pieces than ranks, or none: one meeting after the other, texts in between.
TEST(CrewFaults, MeetingsAreToldApart) {
  at_each_rank(5, 2, [](Crew& crew) {
    for (std::size_t round = 0; round < 30; ++round) {
      Squares squares{.values = std::vector<std::size_t>(round % 4)};
      NumberedWork work = squares.work(round % 2 == 0);
      if (round % 5 == 4) work.stopped = [] { return true; };
      EXPECT_EQ(crew.run(work), round % 5 != 4 || round % 4 == 0) << round;
      if (round % 5 != 4 && (round % 2 == 0 || crew.leads())) expect_all(squares);
      const std::string word = std::to_string(round) + std::string(1, '\0');
      EXPECT_EQ(crew.from_first(crew.leads() ? word : ""), word);
    }
  });
}

// No more at a time than there are threads; each piece by one.
TEST(CrewFaults, AsManyThreadsAsAreAskedFor) {
  for (const int threads : {1, 3}) {
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    Crew crew(threads);
    EXPECT_TRUE(crew.alone());
    EXPECT_TRUE(crew.leads());
    Squares squares{.values = std::vector<std::size_t>(60)};
    NumberedWork work = squares.work();
    work.compute = [&, compute = work.compute](std::size_t i) {
      const int here = ++now;
      for (int seen = most; here > seen && !most.compare_exchange_weak(seen, here);) {
      }
      take_a_while();
      compute(i);
      --now;
    };
    EXPECT_TRUE(crew.run(work));
    expect_all(squares);
    EXPECT_LE(most, threads);
    crew.leave("nobody to tell");
  }
}

}  // namespace
}  // namespace bandwright
