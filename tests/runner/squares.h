#pragma once
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runner/crew.h"
#include "runner/message.h"

namespace bandwright {

// Squares, by their numbers.
struct Squares {
  std::vector<std::size_t> values;
  std::multiset<std::size_t> finished;

  NumberedWork work(bool everywhere = false) {
    return {.pieces = values.size(),
            .compute = [this](std::size_t i) { values[i] = i * i + 1; },
            .pack =
                [this](std::size_t i) {
                  std::string bytes;
                  put(bytes, values[i]);
                  return bytes;
                },
            .unpack = [this](std::size_t i, std::string_view bytes) { values[i] = take<std::size_t>(bytes); },
            .finished = [this](std::size_t i) { finished.insert(i); },
            .everywhere = everywhere};
  }
};

inline void expect_all(const Squares& squares) {
  for (std::size_t i = 0; i < squares.values.size(); ++i) ASSERT_EQ(squares.values[i], i * i + 1) << i;
}

}  // namespace bandwright
