// What is kept of a run, and what a file must be to go on from it.
#include "runner/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <map>
#include <thread>
#include <vector>

#include "runner/message.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

using Pieces = std::map<std::size_t, std::string>;

Pieces pieces_of(Checkpoint& checkpoint, std::uint32_t run) {
  Pieces pieces;
  const std::string all = checkpoint.finished(run);
  for (std::string_view rest = all; !rest.empty();) {
    const auto piece = take<std::size_t>(rest);
    EXPECT_TRUE(pieces.empty() || pieces.rbegin()->first < piece) << "in their order, each once";
    pieces[piece] = take_text(rest);
  }
  return pieces;
}

const std::string odd_bytes("\0a\xFF\n\0", 5);

// Whatever the bytes are; runs apart; the last that was kept of a piece.
TEST(Checkpoint, KeepsPiecesOfEachRun) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "work.sqlite";
  {
    Checkpoint checkpoint(file, "work");
    EXPECT_EQ(checkpoint.finished(0), "");
    checkpoint.save();  // nothing yet
    checkpoint.keep(0, 7, odd_bytes);
    checkpoint.keep(0, 2, "");
    checkpoint.keep(1, 2, "other run");
    checkpoint.keep(0, 3, "first");
    checkpoint.keep(0, 3, "second");
    checkpoint.save();
    EXPECT_EQ(pieces_of(checkpoint, 0), (Pieces{{2, ""}, {3, "second"}, {7, odd_bytes}}));
  }
  Checkpoint again(file, "work");
  EXPECT_EQ(pieces_of(again, 0), (Pieces{{2, ""}, {3, "second"}, {7, odd_bytes}}));
  EXPECT_EQ(pieces_of(again, 1), (Pieces{{2, "other run"}}));
  EXPECT_TRUE(pieces_of(again, 2).empty());
  again.keep(1, 2, "anew");
  again.save();
  EXPECT_EQ(pieces_of(again, 1), (Pieces{{2, "anew"}}));
}

// More than 16 MiB do not wait in memory.
TEST(Checkpoint, WritesWhatGrowsLarge) {
  const TemporaryFolder folder;
  Checkpoint checkpoint(folder / "work.sqlite", "work");
  const std::string large(std::size_t{9} << 20, 'x');
  checkpoint.keep(0, 0, large);
  checkpoint.keep(0, 1, large);
  EXPECT_EQ(pieces_of(checkpoint, 0).size(), 2U);
}

// As another process would find it, were this one ended now.
Pieces in_the_file(const std::filesystem::path& file) {
  Checkpoint other(file, "work");
  return pieces_of(other, 0);
}

// A piece that is the last for a long time is in the file soon: were the process ended then, it would be
// computed again. One that ends without saving has written it, too.
TEST(Checkpoint, APieceIsNotHeldUntilTheNext) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "work.sqlite";
  {
    Checkpoint checkpoint(file, "work");
    checkpoint.keep(0, 1, "one");
    checkpoint.keep(0, 2, "two");
    for (int tries = 0; tries < 100 && in_the_file(file).size() < 2; ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(in_the_file(file), (Pieces{{1, "one"}, {2, "two"}}));
    checkpoint.keep(0, 3, "three");
  }
  EXPECT_EQ(in_the_file(file).size(), 3U);
}

// By several threads at once, while pieces are written.
TEST(Checkpoint, KeepsWhatManyThreadsFinish) {
  const TemporaryFolder folder;
  Checkpoint checkpoint(folder / "work.sqlite", "work");
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&checkpoint, t] {
        for (std::size_t i = 0; i < 50; ++i) checkpoint.keep(0, 4 * i + t, std::to_string(4 * i + t));
      });
    }
  }
  checkpoint.save();
  const Pieces pieces = pieces_of(checkpoint, 0);
  EXPECT_EQ(pieces.size(), 200U);
  for (const auto& [piece, bytes] : pieces) EXPECT_EQ(bytes, std::to_string(piece));
}

// Bytes of one piece under the number of another, or of another run, are no piece: each has its own checksum.
TEST(Checkpoint, APieceUnderAnotherNumberIsDamaged) {
  struct Damage {
    const char* change;
    Pieces left;
  };
  for (const Damage& damage :
       {Damage{"UPDATE pieces SET piece = 9 WHERE piece = 1", {{2, "two"}}},
        Damage{"UPDATE pieces SET run = 1 WHERE piece = 2", {{1, "one"}}},
        Damage{"UPDATE pieces SET bytes = (SELECT bytes FROM pieces WHERE piece = 2) WHERE piece = 1",
               {{2, "two"}}},
        Damage{"UPDATE pieces SET checksum = ''", {}},
        Damage{"DELETE FROM pieces WHERE piece = 2", {{1, "one"}}}}) {
    const TemporaryFolder folder;
    const std::filesystem::path file = folder / "work.sqlite";
    {
      Checkpoint checkpoint(file, "work");
      checkpoint.keep(0, 1, "one");
      checkpoint.keep(0, 2, "two");
      checkpoint.save();
    }
    {
      Database database(file, {.application = 0x42574350, .version = 1, .create_tables = {}},
                        Database::Access::Write);
      database.run(damage.change);
    }
    Checkpoint checkpoint(file, "work");
    EXPECT_EQ(pieces_of(checkpoint, 0), damage.left) << damage.change;
    EXPECT_TRUE(pieces_of(checkpoint, 1).empty()) << damage.change;
  }
}

// A file of something else is refused in one line, and left as it is.
TEST(Checkpoint, OfSomethingElseIsRefused) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "work.sqlite";
  { const Checkpoint one(file, "one"); }
  { const Checkpoint again(file, "one"); }
  const auto said = [](const std::filesystem::path& path, const char* work) {
    return refused([&] {
      const Checkpoint checkpoint(path, work);
      return 0;
    });
  };
  EXPECT_THAT(said(file, "other"),
              HasSubstr("work.sqlite: is a checkpoint of another question, of other inputs "
                        "or of another version; choose another file, or remove it"));
  const std::filesystem::path text = folder / "text.txt";
  const std::string words = "a file of somebody's, long enough to be no empty database, as it has many words";
  std::ofstream(text) << words;
  EXPECT_THAT(said(text, "one"), HasSubstr("text.txt: "));
  EXPECT_THAT(said(text, "one"), HasSubstr("choose another file, or remove it"));
  EXPECT_EQ(std::filesystem::file_size(text), words.size());
  const std::filesystem::path store = folder / "store.sqlite";
  {
    const Database other(
        store, {.what = "a store", .application = 77, .version = 1, .create_tables = [](Database&) {}},
        Database::Access::Write);
  }
  EXPECT_THAT(said(store, "one"), HasSubstr("store.sqlite: is not a checkpoint; choose another"));
  EXPECT_THAT(said(folder / "missing" / "work.sqlite", "one"), HasSubstr("work.sqlite: "));
}

TEST(Message, ValuesComeBackInTheirOrder) {
  std::string bytes;
  put(bytes, std::uint8_t{7});
  put(bytes, -1.5);
  put(bytes, std::string_view(odd_bytes));
  put(bytes, std::string_view());
  put(bytes, true);
  const std::string whole = bytes;
  std::string_view rest = whole;
  EXPECT_EQ(take<std::uint8_t>(rest), 7);
  EXPECT_EQ(take<double>(rest), -1.5);
  EXPECT_EQ(take_text(rest), odd_bytes);
  EXPECT_EQ(take_text(rest), "");
  EXPECT_TRUE(take<bool>(rest));
  EXPECT_TRUE(rest.empty());
}

// A text whose length says more than there is, however large the number.
TEST(Message, WhatIsShorterThanItSaysIsRefused) {
  std::string bytes;
  put(bytes, std::string_view("word"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(refused([&] {
                std::string_view rest = std::string_view(bytes).substr(0, size);
                return take_text(rest);
              }),
              "ranks: a message is shorter than it should be");
  }
  std::string endless;
  put(endless, ~std::size_t{0});
  EXPECT_NE(refused([&] {
              std::string_view rest = endless;
              return take_text(rest);
            }),
            "");
}

}  // namespace
}  // namespace bandwright
