// Proofs as files: what is written is accepted, and every line that is changed is not.
#include "study/plan/proof_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/files.h"
#include "core/text.h"
#include "study/plan/proof_json.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

PlanQuestion proved_question() {
  return {.job = {.model = "llama3-8b",
                  .machine = "dgx-h100",
                  .npus = "16",
                  .pp = "1,2",
                  .cp = "1",
                  .virtual_stages = "1",
                  .zero = "0,1",
                  .micro_batch = "1",
                  .global_batch = "32"},
          .search = {.best = 3},
          .prove = true};
}

std::vector<ProofJson> lines_of_proof(const PlanQuestion& question) {
  std::vector<ProofJson> lines;
  const std::string text = proof_text(question, plan(question));
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) lines.push_back(ProofJson::parse(line));
  }
  return lines;
}

class ProofFile : public testing::Test {
 protected:
  [[nodiscard]] CheckedProof check(const std::vector<ProofJson>& lines) const {
    std::string text;
    for (const ProofJson& line : lines) text += line.dump() + '\n';
    return check_text(text);
  }
  [[nodiscard]] CheckedProof check_text(const std::string& text) const {
    write_whole(file(), text);
    return check_proof(file());
  }
  [[nodiscard]] std::string file() const { return folder_ / "proof.jsonl"; }
  // What is said of the file, without its name.
  [[nodiscard]] std::string said(const std::vector<ProofJson>& lines) const {
    const std::string what = refused([&] { return check(lines); });
    EXPECT_TRUE(what.empty() || what.starts_with(file() + ':')) << what;
    return what.empty() ? what : what.substr(file().size() + 1);
  }
  [[nodiscard]] std::size_t first_with(const char* key) const {
    std::size_t i = 0;
    while (!proof_[i].contains(key)) ++i;
    return i;
  }

  TemporaryFolder folder_;
  std::vector<ProofJson> proof_ = [] {
    static const std::vector<ProofJson> once = lines_of_proof(proved_question());
    return once;
  }();
};

TEST_F(ProofFile, SaysWhatWasAskedAndIsAccepted) {
  PlanQuestion question = proved_question();
  question.search.longest_step_ns = 1e12;
  question.search.most_memory_bytes = 70e9;
  for (const PlanObjective objective :
       {PlanObjective::StepTime, PlanObjective::CostPerToken, PlanObjective::NetworkCost}) {
    question.search.objective = objective;
    question.job.npus = objective == PlanObjective::StepTime ? "16" : "8,16";
    const PlanAnswer answer = plan(question);
    const CheckedProof checked = check_text(proof_text(question, answer));
    EXPECT_EQ(checked.fault, "");
    EXPECT_EQ(checked.question.job, question.job);
    EXPECT_EQ(checked.question.search.objective, objective);
    EXPECT_EQ(checked.question.search.best, 3U);
    EXPECT_EQ(checked.question.search.longest_step_ns, 1e12);
    EXPECT_EQ(checked.question.search.most_memory_bytes, 70e9);
    EXPECT_EQ(checked.subtrees, static_cast<std::int64_t>(answer.proof.size()));
    EXPECT_EQ(checked.counts.valid, answer.counts.valid);
    EXPECT_EQ(checked.counts.fit, answer.counts.fit);
    EXPECT_EQ(checked.counts.below, answer.counts.below);
  }
}

// The question in a file, asked again, writes the same file.
TEST_F(ProofFile, IsTheSameWhenItsQuestionIsAskedAgain) {
  PlanQuestion again = check(proof_).question;
  again.prove = true;
  EXPECT_EQ(lines_of_proof(again), proof_);
}

// Valid divisions are either refused by memory, above the bound, or evaluated, in every subtree, and the
// subtrees are all there are.
TEST_F(ProofFile, ItsCountsAddUp) {
  std::int64_t valid = 0;
  std::int64_t do_not_fit = 0;
  for (const ProofJson& line : proof_) {
    if (!line.contains("closed")) continue;
    const auto of = [&](const char* key) { return line.at(key).get<std::int64_t>(); };
    EXPECT_EQ(of("valid"), of("do_not_fit") + of("above_bound") + of("evaluated"));
    EXPECT_EQ(line.at("least_bound_ns").is_null(), of("above_bound") == 0);
    EXPECT_EQ(line.at("least_step_ns").is_null(), of("evaluated") == 0);
    valid += of("valid");
    do_not_fit += of("do_not_fit");
  }
  const ProofJson& counts = proof_.back().at("counts");
  EXPECT_EQ(counts.at("valid"), valid);
  EXPECT_EQ(counts.at("fit"), valid - do_not_fit);
  EXPECT_GT(do_not_fit, 0);
}

TEST_F(ProofFile, ClaimsThatAreNotTrueAreFaults) {
  const std::size_t listed = first_with("listed");
  const std::size_t closed = first_with("closed");
  const std::size_t counts = proof_.size() - 1;
  const auto fault = [&](auto change) {
    std::vector<ProofJson> lines = proof_;
    change(lines);
    std::string problem = said(lines);  // that of a tie is no line of a proof
    return problem.empty() ? check(lines).fault : problem;
  };
  EXPECT_NE(fault([&](auto& lines) { lines[listed]["step_ns"] = 1.0; }), "");
  EXPECT_NE(fault([&](auto& lines) { lines[listed]["listed"]["zero"] = 3; }), "");
  EXPECT_NE(
      fault([&](auto& lines) { lines[closed]["valid"] = lines[closed]["valid"].template get<int>() + 1; }),
      "");
  EXPECT_NE(fault([&](auto& lines) {
              lines[closed]["evaluated"] = lines[closed]["evaluated"].template get<int>() + 1;
            }),
            "");
  EXPECT_NE(fault([&](auto& lines) { lines.erase(lines.begin() + static_cast<int>(closed)); }), "");
  EXPECT_NE(fault([&](auto& lines) { std::swap(lines[closed], lines[closed + 1]); }), "");
  EXPECT_NE(fault([&](auto& lines) { lines[counts]["counts"]["valid"] = 1; }), "");
  EXPECT_NE(fault([&](auto& lines) { lines[counts]["counts"]["fit"] = 0; }), "");
  EXPECT_NE(fault([&](auto& lines) { lines[0]["max_memory_bytes"] = 60e9; }), "");
  EXPECT_NE(fault([&](auto& lines) { lines[0]["job"]["global_batch"] = "64"; }), "");
  EXPECT_EQ(fault([&](auto& lines) { lines[0]["npus"] = {8}; }), "the NPU counts are not those of the job");
  EXPECT_THAT(fault([&](auto& lines) { lines[0]["weights"] = {2.0}; }), HasSubstr("the weights"));
  EXPECT_EQ(fault([&](auto&) {}), "");
}

TEST_F(ProofFile, LinesThatAreNoneAreNamed) {
  const std::size_t listed = first_with("listed");
  const std::size_t closed = first_with("closed");
  const auto at = [&](std::size_t line, auto change) {
    std::vector<ProofJson> lines = proof_;
    change(lines[line]);
    const std::string what = said(lines);
    EXPECT_TRUE(what.starts_with(std::to_string(line + 1) + ": ")) << what;
    return what;
  };
  EXPECT_THAT(at(0, [](auto& line) { line["bandwright"] = "space"; }), HasSubstr("no proof"));
  EXPECT_THAT(at(0, [](auto& line) { line["version"] = 2; }), HasSubstr("another version, expected 1"));
  EXPECT_THAT(at(0, [](auto& line) { line["job"]["colour"] = "red"; }), HasSubstr("job: unknown 'colour'"));
  EXPECT_THAT(at(0, [](auto& line) { line["job"]["tp"] = 2; }), HasSubstr("no line of a proof"));
  EXPECT_THAT(at(0, [](auto& line) { line["minimize"] = "pain"; }), HasSubstr("pain"));
  EXPECT_THAT(at(0, [](auto& line) { line["best"] = 0; }),
              HasSubstr("best: 0 is out of range: expected 1 to"));
  EXPECT_THAT(at(0, [](auto& line) { line["best"] = 1.5; }), HasSubstr("best: 1.5, expected a whole number"));
  EXPECT_THAT(at(0, [](auto& line) { line["max_step_ns"] = -1; }),
              HasSubstr("max_step_ns: -1 is out of range"));
  EXPECT_THAT(at(0, [](auto& line) { line["npus"] = {0}; }), HasSubstr("0 is out of range"));
  EXPECT_THAT(at(0, [](auto& line) { line["weights"] = {"1"}; }), HasSubstr("\"1\", expected a number"));
  EXPECT_THAT(at(0, [](auto& line) { line.erase("best"); }), HasSubstr("no line of a proof"));
  EXPECT_THAT(at(listed, [](auto& line) { line["rank"] = 2; }), HasSubstr("rank 2, expected 1 or a tie"));
  EXPECT_THAT(at(listed, [](auto& line) { line["rank"] = 0; }), HasSubstr("rank: 0 is out of range"));
  EXPECT_THAT(at(listed, [](auto& line) { line["step_ns"] = nullptr; }),
              HasSubstr("step_ns: null, expected a number"));
  EXPECT_THAT(at(listed, [](auto& line) { line["listed"]["tensor"] = 3; }), HasSubstr("16 NPUs"));
  EXPECT_THAT(at(listed, [](auto& line) { line["listed"]["recompute"] = "some"; }), HasSubstr("some"));
  EXPECT_THAT(at(closed, [](auto& line) { line["closed"]["pipeline"] = 0; }),
              HasSubstr("pipeline: 0 is out of range"));
  EXPECT_THAT(at(closed, [](auto& line) { line["valid"] = -1; }), HasSubstr("valid: -1 is out of range"));
  EXPECT_THAT(at(closed,
                 [](auto& line) {
                   line = {{"opened", 1}};
                 }),
              HasSubstr("expected a line with listed, closed or counts"));
  EXPECT_THAT(at(proof_.size() - 1, [](auto& line) { line["counts"]["fit"] = "x"; }),
              HasSubstr("fit: \"x\", expected a whole number"));
}

TEST_F(ProofFile, TextThatIsNoneIsNamed) {
  const auto problem = [&](const std::string& text) { return refused([&] { return check_text(text); }); };
  EXPECT_THAT(problem(""), HasSubstr("no proof: expected"));
  EXPECT_THAT(problem("\n\nwhat\n"), HasSubstr(file() + ":3: no line of a proof"));
  EXPECT_THAT(problem("[1, 2]\n"), HasSubstr(file() + ":1: "));
  EXPECT_NE(refused([&] { return check_proof(folder_ / "none"); }), "");
  // Blank lines and their numbers count.
  const std::string text = "\n" + proof_[0].dump() + "\n\n{}\n";
  EXPECT_THAT(problem(text), HasSubstr(file() + ":4: expected a line with"));
}

TEST(ProofValues, AreWholeOrNumbersInTheirRange) {
  const auto whole = [](const char* text) {
    return refused([&] { return proof_whole(ProofJson::parse(text), 2, 9); });
  };
  for (const char* good : {"2", "9"}) EXPECT_EQ(whole(good), "") << good;
  for (const char* bad : {"1", "10", "-3", "18446744073709551615"}) {
    EXPECT_EQ(whole(bad), std::string(bad) + " is out of range: expected 2 to 9");
  }
  for (const char* bad : {"2.5", "3.0", "\"3\"", "null", "true", "[3]"}) {
    EXPECT_THAT(whole(bad), HasSubstr("expected a whole number")) << bad;
  }
  const auto number = [](const char* text) {
    return refused([&] { return proof_number(ProofJson::parse(text)); });
  };
  for (const char* good : {"0", "0.0", "7", "1e300"}) EXPECT_EQ(number(good), "") << good;
  for (const char* bad : {"-1e-9", "-1", "1e301"}) {
    EXPECT_THAT(number(bad), HasSubstr("is out of range: expected 0 to 1e+300")) << bad;
  }
  for (const char* bad : {"\"1\"", "null", "{}"})
    EXPECT_THAT(number(bad), HasSubstr("expected a number")) << bad;
  // What is shown of a value is short, and its key goes before it.
  const ProofJson line{{"key", std::string(1000, 'x')}};
  const std::string said = refused([&] { return proof_number(line, "key"); });
  EXPECT_EQ(said.find("key: \"xxx"), 0U);
  EXPECT_LT(said.size(), 100U);
}

}  // namespace
}  // namespace bandwright
