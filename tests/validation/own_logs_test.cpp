// Measurements as they are found: logs of several tests in one file, tables of other programs, rows of any
// order. What is told twice is told alike, and what is no measurement is named with its line.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "core/io/files.h"
#include "core/yaml.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"
#include "validation/own_machine.h"
#include "validation/read_rows.h"
#include "validation/write_calibration.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string rank_lines(int ranks) {
  std::string text;
  for (int r = 0; r < ranks; ++r)
    text += fmt::format("#  Rank {:2} Group  0 Pid 5 on n01 device {:2} [0x1b] H100\n", r, r);
  return text + "#       size         count      type   redop    root     time   algbw   busbw #wrong\n";
}
std::string log_row(double bytes, const std::string& us) {
  return fmt::format("{:12.0f} {:12.0f} float sum -1 {} 1.0 1.0 0 {} 1.0 1.0 0\n", bytes, bytes / 4, us, us);
}
std::string test_log(const std::string& collective, int ranks, double first_bytes, int rows) {
  std::string text = fmt::format("# Collective test starting: {}_perf\n", collective) + rank_lines(ranks);
  for (int i = 0; i < rows; ++i) text += log_row(first_bytes * (1 << i), fmt::format("{}", 100 + 50 * i));
  return text + "# Out of bounds values : 0 OK\n# Avg bus bandwidth    : 12.5\n#\n";
}

class Logs : public testing::Test {
 protected:
  [[nodiscard]] DataSet read(const std::string& text, const std::string& collective = "",
                             int npus = 0) const {
    write_whole(folder_ / "log.txt", text);
    return read_nccl_tests(folder_ / "log.txt", machine_, collective, npus);
  }
  [[nodiscard]] std::vector<std::string> labels(const std::string& text, const std::string& collective = "",
                                                int npus = 0) const {
    std::vector<std::string> found;
    for (const Measurement& row : read(text, collective, npus).rows) {
      found.push_back(fmt::format("{} {}", row.label, row.measured));
    }
    return found;
  }
  [[nodiscard]] std::string said(const std::string& text, const std::string& collective = "",
                                 int npus = 0) const {
    const std::string problem = refused([&] { return read(text, collective, npus); });
    const std::string place = folder_.path().string() + "/";
    EXPECT_TRUE(problem.empty() || problem.starts_with(place)) << problem;
    return problem.substr(std::min(problem.size(), place.size()));
  }

  const TemporaryFolder folder_;
  const Machine machine_ = load_machine("dgx-h100");
};

// Logs of two tests one after the other are the rows of both: NPUs are those of each, not all together.
TEST_F(Logs, OfSeveralTestsKeepTheirHeadings) {
  const std::string first = test_log("all_reduce", 4, 8 << 20, 3);
  const std::string second = test_log("all_gather", 8, 16 << 20, 2);
  std::vector<std::string> apart = labels(first);
  for (const std::string& label : labels(second)) apart.push_back(label);
  EXPECT_EQ(apart.size(), 5U);
  EXPECT_THAT(apart.back(), HasSubstr("on 8 NPUs"));
  EXPECT_EQ(labels(first + second), apart);
  EXPECT_EQ(labels("some words before\n\n" + first + "\n" + second), apart);
  std::string windows;
  for (const char c : first + second) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(labels("\xEF\xBB\xBF" + windows), apart);
}

// A second test of as many ranks whose heading names no collective has none, unless it is given.
TEST_F(Logs, AHeadingIsNotThatOfTheTestBefore) {
  const std::string unnamed = rank_lines(8) + log_row(8 << 20, "100");
  EXPECT_THAT(said(test_log("all_reduce", 4, 8 << 20, 1) + unnamed), HasSubstr("which collective"));
  EXPECT_THAT(labels(unnamed, "all_gather"), ElementsAre(HasSubstr("all_gather of 8388608 B on 8 NPUs")));
  // What is given holds whatever the heading says.
  EXPECT_EQ(labels(test_log("all_reduce", 4, 8 << 20, 1), "all_gather", 8), labels(unnamed, "all_gather"));
}

TEST_F(Logs, ProblemsNameTheirLine) {
  const std::string start = "# all_reduce_perf\n" + rank_lines(2);  // four lines
  EXPECT_EQ(said(start + log_row(8 << 20, "N/A")),
            "log.txt:5: 'N/A' is not a number from 0.001 to 1000000000000");
  EXPECT_EQ(said(start + log_row(8 << 20, "0")),
            "log.txt:5: '0' is out of range: expected a number from 0.001 to 1000000000000");
  EXPECT_EQ(said(start + "8388608 1 float\n"),
            "log.txt:5: expected size, count, type, redop, root, time and bandwidths");
  EXPECT_EQ(said(start + std::string(400, '9') + " 1 f s -1 5 1 1\n").substr(0, 11), "log.txt:5: ");
  EXPECT_THAT(said(start + log_row(1 << 20, "100")), HasSubstr("no rows above 1 MiB"));
  EXPECT_THAT(said("# no_such_perf\n" + rank_lines(2) + log_row(8 << 20, "100")), HasSubstr("log.txt:5: "));
}

class Tables : public testing::Test {
 protected:
  [[nodiscard]] DataSet gemms(const std::string& text) const {
    write_whole(folder_ / "gemms.csv", text);
    return read_own_gemms(folder_ / "gemms.csv", machine_);
  }
  const TemporaryFolder folder_;
  const Machine machine_ = load_machine("dgx-a100");
};

// Microseconds and milliseconds, columns in any order and with others between, as a spreadsheet writes them.
TEST_F(Tables, OfMultiplicationsAreTheSameInAnyUnit) {
  const DataSet plain = gemms("m,n,k,latency_us\n1024,512,256,50\n4096,4096,4096,1500.5\n");
  ASSERT_EQ(plain.rows.size(), 2U);
  for (const char* text :
       {"m,n,k,latency_ms\n1024,512,256,0.05\n4096,4096,4096,1.5005\n",
        "note,k,latency_us,n,m\n,256,50,512,1024\n\"a, b\",4096,1500.5,4096,4096\n",
        "\xEF\xBB\xBFm,n,k,latency_us\r\n1024,512,256,50\r\n\r\n4096,4096,4096,1.5005e3"}) {
    const DataSet other = gemms(text);
    ASSERT_EQ(other.rows.size(), 2U) << text;
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_NEAR(other.rows[i].measured, plain.rows[i].measured, 1e-12);
      EXPECT_EQ(other.rows[i].label, plain.rows[i].label);
      EXPECT_EQ(other.rows[i].predict(shipped_calibration()), plain.rows[i].predict(shipped_calibration()));
    }
  }
}

// A row that says nothing is listed with its line and the reason, which names the line once; others count.
TEST_F(Tables, RowsThatSayNothingAreListed) {
  const DataSet set = gemms(
      "m,n,k,latency_us\n1024,512,256,50\n0,1,1,5\n1,1,1,-5\n1,1,1,0\n1,1,1,fast\n1.5,1,1,5\n1,1,1,1e300\n1,"
      "1,1,\n");
  EXPECT_EQ(set.rows.size(), 1U);
  std::map<std::string, std::string> reasons;
  for (const NotRun& row : set.not_run) {
    reasons[row.row] = row.reason;
    EXPECT_EQ(row.reason.find("gemms.csv"), std::string::npos) << row.reason;
  }
  ASSERT_EQ(reasons.size(), 7U);
  EXPECT_EQ(reasons["gemms.csv:4"], "the measured value must be more than 0");
  EXPECT_THAT(reasons["gemms.csv:6"], HasSubstr("'fast' is not a number"));
  EXPECT_THAT(reasons["gemms.csv:8"], HasSubstr("expected 1e-12 to 1e+15"));
}

// Shapes change places: C' = B' A' is the same multiplication, and larger ones never take less.
TEST_F(Tables, PredictionsGrowWithTheShape) {
  std::mt19937 random(4);
  const auto ms_of = [&](int m, int n, int k) {
    return gemms(fmt::format("m,n,k,latency_us\n{},{},{},10\n", m, n, k))
        .rows.at(0)
        .predict(shipped_calibration());
  };
  for (int trial = 0; trial < 15; ++trial) {
    const int m = 128 << random() % 6;
    const int n = 128 << random() % 6;
    const int k = 128 << random() % 6;
    const double ms = ms_of(m, n, k);
    EXPECT_GT(ms, 0.0);
    EXPECT_GE(ms_of(m, n, 2 * k), ms * (1.0 - 1e-12)) << m << ' ' << n << ' ' << k;
    EXPECT_GE(ms_of(2 * m, 2 * n, k), ms * (1.0 - 1e-12)) << m << ' ' << n << ' ' << k;
    EXPECT_NEAR(ms_of(n, m, k), ms, 1e-9 * ms) << m << ' ' << n << ' ' << k;
  }
}

// Constants that are written to four digits and read are written as the same text again.
TEST(Calibrations, WrittenTwiceAreTheSameText) {
  std::mt19937 random(8);
  std::uniform_real_distribution<double> factor(0.5, 1.5);
  for (int trial = 0; trial < 10; ++trial) {
    Calibration calibration = shipped_calibration();
    for (auto& [name, npu] : calibration.npus) {
      npu.gemm_efficiency = std::min(1.0, npu.gemm_efficiency * factor(random));
      npu.kernel_overhead_us *= factor(random);
      npu.slice_ns *= factor(random);
      npu.host_us *= factor(random);
    }
    for (auto& [name, fabric] : calibration.fabrics) {
      fabric.efficiency = std::min(1.0, fabric.efficiency * factor(random));
      fabric.latency_us *= factor(random);
      fabric.step_us *= factor(random);
    }
    const std::string text = calibration_yaml(calibration, {});
    const Calibration read = read_calibration(YamlValue::parse(text, "c.yaml"));
    EXPECT_EQ(calibration_yaml(read, {}), text);
    for (std::size_t i = 0; i < read.fabrics.size(); ++i) {
      EXPECT_NEAR(read.fabrics[i].second.latency_us, calibration.fabrics[i].second.latency_us,
                  6e-4 * calibration.fabrics[i].second.latency_us);
    }
  }
}

}  // namespace
}  // namespace bandwright
