#include "experiment/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/text.h"
#include "experiment/database.h"
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
  EXPECT_EQ(store.has({"b", "d"}), (std::vector<bool>{true, false}));
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
  EXPECT_EQ(store.has(ids), std::vector<bool>(100, true));
}

TEST(Store, ABatchIsAllOrNothing) {
  const TemporaryFolder folder;
  Database database(folder / "d.sqlite", Database::Access::Write);
  database.run("CREATE TABLE t (x INTEGER)");
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
  EXPECT_THAT(problem_of([&] { ResultStore(folder / "text.sqlite"); }), HasSubstr("is damaged"));

  Database(folder / "other.sqlite", Database::Access::Write).run("CREATE TABLE t (x INTEGER)");
  EXPECT_THAT(problem_of([&] { ResultStore(folder / "other.sqlite"); }),
              HasSubstr("is not a store of results"));

  { const ResultStore store(folder / "old.sqlite"); }
  Database(folder / "old.sqlite", Database::Access::Write).run("PRAGMA user_version = 99");
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
