#include "core/io/tell.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/io/progress.h"

namespace bandwright {
namespace {

// In a process of its own, whose descriptors may be spoilt.
template <class Body>
void in_a_child(Body body) {
  EXPECT_EXIT(
      {
        body();
        ::_exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Tell, WhatCannotBeWrittenIsDropped) {
  in_a_child([] {
    ::close(STDERR_FILENO);
    tell("lost {}\n", 1);
    ::dup2(::open("/dev/full", O_WRONLY), STDERR_FILENO);
    tell("lost {}\n", 2);
  });
}

TEST(Tell, AReaderThatHasGoneIsNoSignal) {
  in_a_child([] {
    guard_standard_streams();
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(1);
    ::close(ends[0]);
    ::dup2(ends[1], STDERR_FILENO);
    tell("lost\n");
    ProgressBar bar("work", "points");
    bar.line(0.5, "half");
  });
}

// Otherwise the next file that is opened would be standard error, and messages would be written into it.
TEST(Tell, ClosedStreamsAreTakenByNoFile) {
  in_a_child([] {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(descriptor);
    guard_standard_streams();
    const int file = ::open("/dev/null", O_WRONLY);
    if (file <= STDERR_FILENO) ::_exit(1);
    if (::write(STDOUT_FILENO, "x", 1) >= 0) ::_exit(2);  // still an error, as on a closed one
  });
}

TEST(Progress, CountedWorkHasARateAndTheTimeLeft) {
  // 812 in 0.5 s are 1,624 a second; the other 1,240 need 0.76 s, rounded up.
  EXPECT_EQ(progress_text(812, 2052, "points", 0.5), "812/2,052 points  1,624 points/s  1 s left");
  EXPECT_EQ(progress_text(0, 7, "files", 3.0), "0/7 files");
  EXPECT_EQ(left_text(0.25, 30.0), "1:30 min left");
  EXPECT_EQ(left_text(1.0, 30.0), "0 s left");
  EXPECT_EQ(left_text(0.0, 30.0), "");
  EXPECT_EQ(progress_text(1, 7201, "runs", 2.0), "1/7,201 runs  0.5 runs/s  4:00 h left");
}

}  // namespace
}  // namespace bandwright
