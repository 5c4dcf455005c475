#include "experiment/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include "core/io/database.h"
#include "core/text.h"
#include "tests/experiment/support.h"

namespace bandwright {
namespace {

using ::testing::HasSubstr;

Result result(const std::string& id, double step_time_s) {
  Row row{.id = id,
          .view = "v",
          .network = "2D",
          .budget_gb_per_s = 100.0,
          .allocation = "PerfOptBW",
          .status = "ok"};
  row.bandwidth_gb_per_s = {1.0 / 3.0, 1e-300};
  row.step_time_s = step_time_s;
  return {row,
          {{.number = 1, .objective = 2.5, .evaluations = 3},
           {.number = 2, .objective = 2.25, .lower_bound = 2.125, .evaluations = 4}}};
}

DatabaseKind any_database() {
  return {.what = "a test's",
          .create_tables = [](Database& database) { database.run("CREATE TABLE t (x INTEGER)"); }};
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A store of results as anybody may open and change it.
void change(const std::filesystem::path& file, const std::string& sql) {
  const DatabaseKind ours{.what = "a store of results", .application = 0x42575253, .version = 4};
  Database(file, ours, Database::Access::Write).run(sql);
}

TEST(Store, ReadsBackWhatWasWrittenInTheOrderOfTheListing) {
  const TemporaryFolder folder;
  {
    ResultStore store(folder / "r.sqlite");
    store.add({result("a", 0.1), result("b", 0.2), result("c", 0.3)});
    store.list({"c", "missing", "a"});
  }
  ResultStore store(folder / "r.sqlite", ResultStore::Access::Read);
  const std::vector<Result> listed = store.listed();
  ASSERT_EQ(listed.size(), 2);
  EXPECT_EQ(listed[0].row, result("c", 0.3).row);
  EXPECT_EQ(listed[1].row, result("a", 0.1).row);
  ASSERT_EQ(listed[0].trace.size(), 2);
  EXPECT_EQ(listed[0].trace[1].lower_bound, 2.125);
  EXPECT_FALSE(std::isfinite(listed[0].trace[0].lower_bound));
  EXPECT_EQ(store.find({"b", "d"}), (std::vector<Kept>{Kept::Yes, Kept::No}));
}

TEST(Store, AnotherResultOfAPointReplacesTheFirst) {
  const TemporaryFolder folder;
  ResultStore store(folder / "r.sqlite");
  store.add({result("a", 0.1)});
  store.add({result("a", 0.7)});
  store.list({"a"});
  ASSERT_EQ(store.listed().size(), 1);
  EXPECT_EQ(store.listed()[0].row.step_time_s, 0.7);
}

TEST(Store, TwoWritersAtOnceLoseNothing) {
  const TemporaryFolder folder;
  const auto write = [&](int first) {
    ResultStore store(folder / "r.sqlite");
    for (int i = first; i < 100; i += 2) store.add({result(std::to_string(i), i)});
  };
  {
    const std::jthread even([&] { write(0); });
    const std::jthread odd([&] { write(1); });
  }
  ResultStore store(folder / "r.sqlite");
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(std::to_string(i));
  EXPECT_EQ(store.find(ids), std::vector<Kept>(100, Kept::Yes));
}

TEST(Store, ABatchIsAllOrNothing) {
  const TemporaryFolder folder;
  Database database(folder / "d.sqlite", any_database(), Database::Access::Write);
  EXPECT_THROW(database.transaction([&] {
    database.run("INSERT INTO t VALUES (1)");
    database.run("INSERT INTO nowhere VALUES (1)");
  }),
               InputError);
  Statement count(database, "SELECT count(*) FROM t");
  ASSERT_TRUE(count.step());
  EXPECT_EQ(count.integer(0), 0);
}

TEST(Store, RefusesAFileThatIsNoneOfItsOwn) {
  const TemporaryFolder folder;
  write_file(folder / "text.sqlite", std::string(5000, 'x'));
  EXPECT_THAT(problem_of([&] { ResultStore(folder / "text.sqlite"); }), HasSubstr("is no SQLite database"));

  { const Database other(folder / "other.sqlite", any_database(), Database::Access::Write); }
  const std::string before = bytes_of(folder / "other.sqlite");
  EXPECT_THAT(problem_of([&] { ResultStore(folder / "other.sqlite"); }),
              HasSubstr("is not a store of results"));
  EXPECT_EQ(bytes_of(folder / "other.sqlite"), before);

  { const ResultStore store(folder / "old.sqlite"); }
  change(folder / "old.sqlite", "PRAGMA user_version = 99");
  EXPECT_THAT(problem_of([&] { ResultStore(folder / "old.sqlite"); }), HasSubstr("version 99"));

  EXPECT_THAT(problem_of([&] { ResultStore(folder / "nowhere/r.sqlite"); }), HasSubstr("cannot be opened"));
  EXPECT_THAT(problem_of([&] { ResultStore(folder / "none.sqlite", ResultStore::Access::Read); }),
              HasSubstr("cannot be opened"));
}

TEST(Store, NoticesAFileDamagedInTheMiddle) {
  const TemporaryFolder folder;
  {
    ResultStore store(folder / "r.sqlite");
    std::vector<Result> many;
    std::vector<std::string> ids;
    for (int i = 0; i < 500; ++i) {
      many.push_back(result(std::to_string(i), i));
      ids.push_back(std::to_string(i));
    }
    store.add(many);
    store.list(ids);
  }
  {
    std::fstream file(folder / "r.sqlite", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8192);
    file << std::string(40000, '\xff');
  }
  EXPECT_THAT(problem_of([&] { static_cast<void>(ResultStore(folder / "r.sqlite").listed()); }),
              HasSubstr("is damaged"));
}

// Whatever cell of a row or of its trace changes, the row is known as damaged, does not come out, and is
// mended by adding it again.
TEST(Store, AChangedCellIsNoResult) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "r.sqlite";
  std::vector<std::string> changes = {
      "UPDATE iterations SET objective = 2.375 WHERE iteration = 2",
      "UPDATE iterations SET evaluations = 'many'", "DELETE FROM iterations WHERE iteration = 2",
      "UPDATE results SET step_time_s = 'fast'", "UPDATE results SET checksum = 'x'"};
  for (const Column& column : columns()) {
    if (column.name == "id") continue;  // it is the key: a row that is not found is missing
    changes.push_back("UPDATE results SET " + std::string(column.name) + " = '7'");
  }
  for (const std::string& each : changes) {
    {
      ResultStore store(file);
      store.add({result("a", 0.1)});
      store.list({"a"});
    }
    change(file, each);
    ResultStore store(file);
    EXPECT_EQ(store.find({"a"}), std::vector<Kept>{Kept::Damaged}) << each;
    EXPECT_THAT(problem_of([&] { static_cast<void>(store.listed()); }), HasSubstr("is damaged")) << each;
    store.add({result("a", 0.1)});
    EXPECT_EQ(store.find({"a"}), std::vector<Kept>{Kept::Yes}) << each;
    EXPECT_EQ(store.listed().at(0).row, result("a", 0.1).row) << each;
  }
}

// Flips one bit after the other all over the file: the store is refused with one line that names it, or what
// it says to have is what was written.
TEST(Store, NoFlippedBitPassesAsAResult) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "r.sqlite";
  {
    ResultStore store(file);
    store.add({result("a", 0.1), result("b", 0.2), result("c", 0.3)});
    store.list({"a", "b", "c"});
  }
  const std::string good = bytes_of(file);
  const std::vector<Result> written = {result("a", 0.1), result("b", 0.2), result("c", 0.3)};
  int noticed = 0;
  for (std::size_t at = 0; at < good.size(); at += 61) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    write_file(file, bad);
    const std::string problem = problem_of([&] {
      ResultStore store(file);
      const std::vector<Kept> kept = store.find({"a", "b", "c"});
      noticed += static_cast<int>(std::count(kept.begin(), kept.end(), Kept::Damaged));
      for (const Result& each : store.listed()) {
        EXPECT_TRUE(std::any_of(written.begin(), written.end(),
                                [&](const Result& one) { return one.row == each.row; }))
            << "bit in byte " << at;
      }
    });
    if (problem.empty()) continue;
    EXPECT_THAT(problem, HasSubstr("r.sqlite: ")) << at;
    ++noticed;
  }
  EXPECT_GT(noticed, 10);
}

TEST(Store, EarlierVersionsAreRecognised) {
  const TemporaryFolder folder;
  const auto make = [&](const char* name, std::int64_t application, std::int64_t version) {
    const std::filesystem::path file = folder / name;
    const DatabaseKind kind{
        .what = "a test's",
        .application = application,
        .version = version,
        .create_tables = [](Database& database) { database.run("CREATE TABLE results (id TEXT)"); }};
    { const Database made(file, kind, Database::Access::Write); }
    return file;
  };
  EXPECT_TRUE(is_older_store(make("old.sqlite", 0x42575253, 1)));
  EXPECT_FALSE(is_older_store(make("other.sqlite", 0x1234, 1)));
  EXPECT_FALSE(is_older_store(folder / "none.sqlite"));
  { ResultStore current(folder / "current.sqlite"); }
  EXPECT_FALSE(is_older_store(folder / "current.sqlite"));
}

TEST(Store, CellsReadBackAsWritten) {
  const Row row = result("a", 129837.622).row;
  Row read;
  for (const Column& column : columns()) set_cell(read, column, cell_text(row, column));
  EXPECT_EQ(read, row);
}

TEST(Store, EveryColumnIsDocumented) {
  const std::string text = read_text_file("docs/results.md");
  for (const Column& column : columns()) {
    EXPECT_NE(text.find("`" + std::string(column.name) + "`"), std::string::npos) << column.name;
  }
}

}  // namespace
}  // namespace bandwright
