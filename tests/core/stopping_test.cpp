#include "core/stopping.h"

#include <gtest/gtest.h>

#include <thread>

namespace bandwright {
namespace {

TEST(Stopping, NobodyStopsAThreadWithoutAScope) {
  EXPECT_FALSE(stop_of_thread().stop_possible());
  EXPECT_NO_THROW(StopCheck().look());
}

TEST(Stopping, TheInnermostScopeCounts) {
  std::stop_source outer;
  std::stop_source inner;
  outer.request_stop();
  const StopScope of_outer(outer.get_token());
  EXPECT_THROW(StopCheck().look(), Stopped);
  {
    const StopScope of_inner(inner.get_token());
    const StopCheck stop;
    EXPECT_NO_THROW(stop.look());
    inner.request_stop();
    EXPECT_THROW(stop.look(), Stopped);
  }
  inner = {};
  EXPECT_THROW(StopCheck().look(), Stopped);
}

TEST(Stopping, AScopeIsOfItsThreadAlone) {
  std::stop_source source;
  source.request_stop();
  const StopScope scope(source.get_token());
  std::thread([] { EXPECT_NO_THROW(StopCheck().look()); }).join();
  std::thread([stop = stop_of_thread()] {
    const StopScope handed_on(stop);
    EXPECT_THROW(StopCheck().look(), Stopped);
  }).join();
}

TEST(Stopping, ShortTurnsAreLookedAtInOneOf256) {
  std::stop_source source;
  const StopScope scope(source.get_token());
  StopCheck stop;
  for (int turn = 0; turn < 1000; ++turn) stop.look_now_and_then();
  source.request_stop();
  int turns = 0;
  EXPECT_THROW(for (; turns < 1000; ++turns) stop.look_now_and_then(), Stopped);
  EXPECT_LT(turns, 256);
}

}  // namespace
}  // namespace bandwright
