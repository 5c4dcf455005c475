// SQLite files of one kind: what is made, what is refused, and what a damaged one says.
#include "core/io/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

DatabaseKind kind_of_things(std::int64_t version = 3) {
  return {.what = "a store of things",
          .application = 0x1234,
          .version = version,
          .remedy = "choose another file",
          .create_tables = [](Database& database) {
            database.run("CREATE TABLE things (name TEXT, count INTEGER, weight REAL)");
          }};
}

class DatabaseFile : public testing::Test {
 protected:
  Database open(Database::Access access = Database::Access::Write) const {
    return {file, kind_of_things(), access};
  }
  static void add(Database& database, std::string_view name, std::int64_t count, double weight) {
    Statement insert(database, "INSERT INTO things VALUES (?, ?, ?)");
    insert.bind(name).bind(count).bind(weight).step();
  }
  static std::int64_t rows(Database& database) {
    Statement count(database, "SELECT count(*) FROM things");
    count.step();
    return count.integer(0);
  }
  // What an InputError of it says; "" when it throws none.
  static std::string refusal(const std::function<void()>& action) {
    try {
      action();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder;
  std::filesystem::path file = folder / "things.sqlite";
};

TEST_F(DatabaseFile, KeepsWhatWasWritten) {
  {
    Database database = open();
    add(database, "one", std::numeric_limits<std::int64_t>::max(), 0.1);
    add(database, std::string_view("a\0b\xc3\xa9", 5), -7, 1e-300);
  }
  Database database = open(Database::Access::Read);
  Statement select(database, "SELECT name, count, weight FROM things ORDER BY count DESC");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.text(0), "one");
  EXPECT_EQ(select.integer(1), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(select.real(2), 0.1);
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.text(0), std::string("a\0b\xc3\xa9", 5));
  EXPECT_EQ(select.integer(1), -7);
  EXPECT_EQ(select.real(2), 1e-300);
  EXPECT_FALSE(select.step());
}

TEST_F(DatabaseFile, AStatementCanBeAskedAgain) {
  Database database = open();
  for (int i = 0; i < 5; ++i) add(database, "n" + std::to_string(i), i, 0.5 * i);
  Statement select(database, "SELECT count FROM things WHERE name = ?");
  for (int i = 4; i >= 0; --i) {
    select.bind("n" + std::to_string(i));
    ASSERT_TRUE(select.step());
    EXPECT_EQ(select.integer(0), i);
    EXPECT_FALSE(select.step());  // the end makes it ready
  }
  select.bind("n1");
  ASSERT_TRUE(select.step());
  select.reset();  // and so does this, before the end
  select.bind("n2");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.integer(0), 2);
}

TEST_F(DatabaseFile, NothingIsNoNumber) {
  Database database = open();
  Statement insert(database, "INSERT INTO things VALUES (?, ?, ?)");
  insert.bind("none").bind_null().bind_null().step();
  Statement select(database, "SELECT count, weight FROM things");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.real_or_null(1), std::nullopt);
  EXPECT_THROW(static_cast<void>(select.integer(0)), InputError);
  EXPECT_THROW(static_cast<void>(select.real(1)), InputError);
}

// A flipped type is damage: no text passes as 0, and no number as a text.
TEST_F(DatabaseFile, ACellOfAnotherTypeIsDamage) {
  Database database = open();
  database.run("INSERT INTO things VALUES (x'6162', 'many', 'heavy')");
  Statement select(database, "SELECT name, count, weight FROM things");
  ASSERT_TRUE(select.step());
  EXPECT_THAT(refusal([&] { static_cast<void>(select.text(0)); }),
              AllOf(HasSubstr("things.sqlite: is damaged (column name is no text); choose another file")));
  EXPECT_THAT(refusal([&] { static_cast<void>(select.integer(1)); }),
              HasSubstr("column count is no whole number"));
  EXPECT_THAT(refusal([&] { static_cast<void>(select.real(2)); }), HasSubstr("column weight is no number"));
}

TEST_F(DatabaseFile, AWholeNumberIsANumber) {
  Database database = open();
  database.run("CREATE TABLE numbers (value)");  // no type of its own
  database.run("INSERT INTO numbers VALUES (3)");
  Statement select(database, "SELECT value FROM numbers");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.real(0), 3.0);
  EXPECT_EQ(select.integer(0), 3);
}

TEST_F(DatabaseFile, ATransactionIsAllOrNothing) {
  Database database = open();
  EXPECT_THROW(database.transaction([&] {
    add(database, "lost", 1, 1.0);
    throw InputError("changed my mind");
  }),
               InputError);
  EXPECT_EQ(rows(database), 0);
  database.transaction([&] {
    add(database, "kept", 1, 1.0);
    add(database, "too", 2, 1.0);
  });
  EXPECT_EQ(rows(database), 2);
}

// Nothing is written to a file of another program, another version or no database.
TEST_F(DatabaseFile, OfAnotherKindIsRefusedAndStaysAsItIs) {
  const auto bytes = [&] {
    std::ifstream stream(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  const auto refused = [&](const std::string& problem) {
    const std::string before = bytes();
    EXPECT_THAT(refusal([&] { open(); }),
                AllOf(HasSubstr("things.sqlite: " + problem), HasSubstr("choose another file")));
    EXPECT_EQ(bytes(), before);
  };
  std::ofstream(file) << "name,count\na,1\n";
  refused("is no SQLite database");
  std::filesystem::remove(file);
  {
    DatabaseKind other = kind_of_things();
    other.application = 0x4321;
    const Database made(file, other, Database::Access::Write);
  }
  refused("is not a store of things");
  std::filesystem::remove(file);
  { const Database made(file, kind_of_things(4), Database::Access::Write); }
  refused("has tables of version 4, this program reads version 3");
}

TEST_F(DatabaseFile, AnEmptyFileIsTakenAndAMissingOneIsMadeForWritingOnly) {
  EXPECT_THAT(refusal([&] { open(Database::Access::Read); }), HasSubstr("cannot be opened"));
  EXPECT_FALSE(std::filesystem::exists(file));
  std::ofstream(file).flush();
  Database database = open();
  EXPECT_EQ(rows(database), 0);
  const std::filesystem::path missing = folder / "no" / "such" / "folder.sqlite";
  EXPECT_THAT(refusal([&] { const Database other(missing, kind_of_things(), Database::Access::Write); }),
              HasSubstr("cannot be opened"));
}

// Bytes in the middle of its pages are overwritten: it is refused when it is opened or when it is read, and
// is never a crash.
TEST_F(DatabaseFile, ADamagedFileSaysSo) {
  {
    Database database = open();
    database.transaction([&] {
      for (int i = 0; i < 500; ++i) add(database, std::string(100, 'x'), i, i);
    });
  }
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(file));
  int refused = 0;
  for (std::int64_t at = 100; at < size; at += size / 9) {
    const std::filesystem::path copy = folder / "copy.sqlite";
    std::filesystem::copy_file(file, copy, std::filesystem::copy_options::overwrite_existing);
    {
      std::fstream stream(copy, std::ios::in | std::ios::out | std::ios::binary);
      stream.seekp(at);
      stream << std::string(64, '\x5a');
    }
    const std::string problem = refusal([&] {
      Database database(copy, kind_of_things(), Database::Access::Read);
      rows(database);
    });
    if (problem.empty()) continue;  // within a cell
    ++refused;
    EXPECT_THAT(problem, HasSubstr("choose another file")) << at;
  }
  EXPECT_GE(refused, 1);
}

TEST_F(DatabaseFile, TwoWritersTakeTurns) {
  Database one = open();
  Database two = open();
  one.transaction([&] { add(one, "a", 1, 1.0); });
  two.transaction([&] { add(two, "b", 2, 1.0); });
  one.transaction([&] { add(one, "c", 3, 1.0); });
  EXPECT_EQ(rows(one), 3);
  EXPECT_EQ(rows(two), 3);
}

}  // namespace
}  // namespace bandwright
