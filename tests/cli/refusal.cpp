#include "tests/cli/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace bandwright {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

void expect_refused(const Finished& run, const std::string& message) {
  EXPECT_EQ(run.status, 2) << run.out << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("bandwright: "));
  EXPECT_THAT(run.err, HasSubstr(message));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

void expect_each_refused(std::span<const Line> lines) {
  const ScratchFolder folder;
  for (const Line& line : lines) {
    SCOPED_TRACE(testing::PrintToString(line.words).substr(0, 200));
    expect_refused(run_bandwright(line.words, folder.path()), line.message);
  }
  EXPECT_THAT(folder.names(), IsEmpty());
}

}  // namespace bandwright
