// Blocks that are leapt over against blocks that are played round by round.
#include "plan/stream_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace bandwright {
namespace {

constexpr StreamSet compute = streams(Stream::Compute);

// Plays a step in full.
class PlainClock final : public StepStreams {
 public:
  void compute(Label /*label*/, Time duration) override { at_[0] += to_ns(duration); }
  void join(StreamSet waits) override {
    at_[0] = latest(static_cast<StreamSet>(waits | bandwright::compute));
  }
  void repeat(std::int64_t times, Rounds write) override {
    for (; times > 0; --times) write();
  }
  [[nodiscard]] const Group& group(std::uint32_t /*index*/) const override { return none_; }
  void collective(double ns, StreamSet waits, StreamSet occupies) {
    const double end = latest(static_cast<StreamSet>(waits | occupies)) + ns;
    for (std::size_t s = 0; s < stream_count; ++s) {
      if (contains(occupies, static_cast<Stream>(s))) at_[s] = end;
    }
  }
  [[nodiscard]] double end_ns() const { return *std::max_element(at_.begin(), at_.end()); }

 private:
  [[nodiscard]] double latest(StreamSet set) const {
    double ns = 0.0;
    for (std::size_t s = 0; s < stream_count; ++s) {
      if (contains(set, static_cast<Stream>(s))) ns = std::max(ns, at_[s]);
    }
    return ns;
  }
  Group none_;
  std::array<double, stream_count> at_{};
};

// A random step: what is issued, and blocks of that.
struct Piece {
  enum class Kind { Compute, Join, Collective, Block } kind = Kind::Compute;
  double ns = 0.0;
  StreamSet waits = 0;
  StreamSet occupies = 0;
  std::int64_t times = 1;
  std::vector<Piece> inside;
};

std::vector<Piece> random_pieces(std::mt19937& random, int depth) {
  const std::array known = {Stream::Compute, Stream::Data, Stream::Prefetch, Stream::Pipeline};
  const auto some = [&] {
    StreamSet set = 0;
    for (const Stream each : known) {
      if (random() % 3 == 0) set |= streams(each);
    }
    return set;
  };
  std::vector<Piece> pieces;
  const std::size_t count = 1 + random() % 5;
  for (std::size_t i = 0; i < count; ++i) {
    Piece piece;
    const auto what = random() % 6;
    piece.ns = static_cast<double>(random() % 1000);
    if (what == 0) {
      piece.kind = Piece::Kind::Join;
      piece.waits = some();
    } else if (what < 3) {
      piece.kind = Piece::Kind::Collective;
      piece.waits = some();
      piece.occupies = some();
    } else if (what < 5 && depth > 0) {
      piece.kind = Piece::Kind::Block;
      piece.times = static_cast<std::int64_t>(random() % 12);
      piece.inside = random_pieces(random, depth - 1);
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

template <class Clock>
void play(const std::vector<Piece>& pieces, Clock& clock) {
  for (const Piece& piece : pieces) {
    switch (piece.kind) {
      case Piece::Kind::Compute:
        clock.compute({}, nanoseconds(piece.ns));
        break;
      case Piece::Kind::Join:
        clock.join(piece.waits);
        break;
      case Piece::Kind::Collective:
        clock.collective(piece.ns, piece.waits, piece.occupies);
        break;
      case Piece::Kind::Block:
        clock.repeat(piece.times, [&] { play(piece.inside, clock); });
        break;
    }
  }
}

// Whole nanoseconds: sums are exact, and the two the same to the last bit.
TEST(StreamClock, LeapsAreRoundsThatWerePlayed) {
  std::mt19937 random(3);
  const std::vector<Group> groups;
  for (int i = 0; i < 3000; ++i) {
    const std::vector<Piece> pieces = random_pieces(random, 3);
    StreamClock clock(groups);
    PlainClock plain;
    play(pieces, clock);
    play(pieces, plain);
    ASSERT_EQ(clock.end_ns(), plain.end_ns()) << "step " << i;
    EXPECT_FALSE(clock.foreign());
  }
}

TEST(StreamClock, SaysWhichStreamsItDoesNotKnow) {
  const std::vector<Group> groups;
  StreamClock clock(groups);
  clock.collective(1.0, compute, streams(Stream::Expert));
  EXPECT_TRUE(clock.foreign());
}

// Data falls behind by 5 ns a round, and compute waits for it in the end: 3 + 1000 x 15.
TEST(StreamClock, AStreamThatFallsBehindIsWaitedForOnce) {
  const std::vector<Group> groups;
  StreamClock clock(groups);
  clock.repeat(1000, [&] {
    clock.take(10.0);
    clock.collective(15.0, compute, streams(Stream::Data));
  });
  clock.join(streams(Stream::Data));
  clock.take(3.0);
  EXPECT_EQ(clock.end_ns(), 10.0 + 1000 * 15.0 + 3.0);
}

}  // namespace
}  // namespace bandwright
