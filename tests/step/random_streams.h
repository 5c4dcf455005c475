#pragma once
#include <memory>
#include <random>
#include <vector>

#include "step/stream_builder.h"

namespace bandwright {

// What runs on which stream, as a tree of blocks: to be written by a StreamBuilder, or played as it is.
struct StreamItem {
  std::int64_t times = 0;  // of a block; 0 for an operation
  std::vector<StreamItem> items;
  Operation operation;
  StreamSet waits = 0;  // the streams it occupies included
  StreamSet occupies = 0;
};

// How far the streams of random items follow the compute stream.
enum class Following : std::uint8_t {
  None,
  ButOne,  // all streams but one are only occupied together with it, as training steps without much overlap
           // do
  Waits,   // all operations wait for it
};

// Collectives are as random_step's.
std::vector<StreamItem> random_streams(std::mt19937& random, Following following);

Step written(const std::vector<StreamItem>& items);

}  // namespace bandwright
