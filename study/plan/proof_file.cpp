#include "study/plan/proof_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/io/files.h"
#include "core/text.h"
#include "plan/proof_check.h"
#include "study/job/job_options.h"
#include "study/plan/proof_json.h"

namespace bandwright {
namespace {

using Json = ProofJson;

Json json_of(const Parallelism& p) {
  return {{"npus", p.npus()},
          {"tensor", p.tensor},
          {"context", p.context},
          {"pipeline", p.pipeline},
          {"expert", p.expert},
          {"virtual_stages", p.virtual_stages},
          {"micro_batch", p.micro_batch},
          {"zero", p.zero},
          {"recompute", recomputation_name(p.recompute)},
          {"sequence_parallel", p.sequence_parallel}};
}

Json json_of(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json json_of(const ClosedSubtree& line) {
  const GroupSizes& s = line.sizes;
  return {{"closed",
           {{"npus", line.npus},
            {"tensor", s.tensor},
            {"context", s.context},
            {"pipeline", s.pipeline},
            {"expert", s.expert}}},
          {"valid", line.valid},
          {"do_not_fit", line.do_not_fit},
          {"above_bound", line.above_bound},
          {"evaluated", line.evaluated},
          {"least_bound_ns", json_of(line.least_bound_ns)},
          {"least_step_ns", json_of(line.least_step_ns)}};
}

Json header(const PlanQuestion& question, const PlanAnswer& answer) {
  Json job = Json::object();
  for (const JobOption* option : given_options(question.job)) {
    job[std::string(option->name)] = question.job.*option->word;
  }
  return {{"bandwright", "proof"},
          {"version", 1},
          {"pareto", answer.pareto},
          {"job", job},
          {"minimize", plan_objective_name(question.search.objective)},
          {"best", question.search.best},
          {"max_step_ns", question.search.longest_step_ns},
          {"max_memory_bytes", question.search.most_memory_bytes},
          {"npus", answer.space.npus},
          {"weights", answer.space.weights}};
}

// Reads lines in their order.
class ProofReader {
 public:
  explicit ProofReader(const std::string& file) : file_(file), text_(read_text_file(file, most_bytes)) {}

  void read() {
    for (const std::string_view line : split(text_, '\n')) {
      ++place_.line;
      if (!trimmed(line).empty()) take(line);
    }
    if (!has_header_) fail("no proof: expected {\"bandwright\": \"proof\", ...} in the first line");
  }

  PlanQuestion question;
  std::vector<std::int64_t> npus;
  std::vector<double> weights;
  RankedDivisions found;
  std::vector<ClosedSubtree> proof;
  Parallelism given;           // what is no decision
  std::vector<bool> on_front;  // of those listed of a front

 private:
  static constexpr std::size_t most_bytes = std::size_t{1} << 30;

  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError(Place{.file = file_, .line = place_.line}, problem);
  }

  void take(std::string_view line) {
    try {
      const Json json = Json::parse(line);
      if (!has_header_) return take_header(json);
      if (json.contains("listed")) return take_listed(json);
      if (json.contains("closed")) return take_closed(json);
      if (json.contains("counts")) return take_counts(json.at("counts"));
      fail("expected a line with listed, closed or counts");
    } catch (const Json::exception& error) {
      fail(fmt::format("no line of a proof: {}", problem_of(error)));
    } catch (const InputError& error) {
      if (error.is_in(file_)) throw;
      fail(error.what());
    }
  }

  void take_header(const Json& json) {
    if (json.value("bandwright", "") != "proof") fail("no proof: expected {\"bandwright\": \"proof\", ...}");
    if (json.at("version") != 1) fail("a proof of another version, expected 1");
    constexpr std::int64_t most_listed = 10'000;
    for (const auto& [name, word] : json.at("job").items()) {
      const JobOption* option = find_job_option(name);
      if (option == nullptr) fail(fmt::format("job: unknown '{}'", printable(name)));
      question.job.*option->word = word.get<std::string>();
    }
    question.search.objective = plan_objective(json.at("minimize").get<std::string>());
    question.search.best = static_cast<std::size_t>(proof_whole(json, "best", 1, most_listed));
    question.pareto = json.value("pareto", false);
    question.search.longest_step_ns = proof_number(json, "max_step_ns");
    question.search.most_memory_bytes = proof_number(json, "max_memory_bytes");
    for (const Json& count : json.at("npus")) npus.push_back(proof_whole(count, 1, max_npus));
    for (const Json& weight : json.at("weights")) weights.push_back(proof_number(weight));
    given = weighed_space(question.job, question.search.objective).space.job.parallelism;
    has_header_ = true;
  }

  [[nodiscard]] Parallelism division(const Json& json) const {
    Parallelism p = given;
    const auto count = [&](const char* key) { return proof_whole(json, key, 0, max_npus); };
    p.tensor = std::max<std::int64_t>(1, count("tensor"));
    p.context = std::max<std::int64_t>(1, count("context"));
    p.pipeline = std::max<std::int64_t>(1, count("pipeline"));
    p.expert = std::max<std::int64_t>(1, count("expert"));
    p.virtual_stages = count("virtual_stages");
    p.schedule = schedule_of(p, p.virtual_stages);
    p.micro_batch = count("micro_batch");
    p.zero = static_cast<int>(count("zero"));
    p.recompute = recomputation(json.at("recompute").get<std::string>());
    p.sequence_parallel = json.at("sequence_parallel").get<bool>();
    fill_data_parallel(p, count("npus"));
    return p;
  }

  void take_listed(const Json& json) {
    const Parallelism p = division(json.at("listed"));
    const auto rank = static_cast<std::size_t>(proof_whole(json, "rank", 1, most_counted));
    const double step_ns = proof_number(json, "step_ns");
    const bool ties = rank == found.best.size() && rank > 0 && found.best.back().step_ns == step_ns &&
                      (!question.pareto || found.best.back().parallelism.npus() == p.npus());
    if (ties) {
      found.best.back().ties.push_back(p);
    } else if (rank == found.best.size() + 1) {
      found.best.push_back({p, step_ns, 0.0, {}});
      if (question.pareto) on_front.push_back(json.at("on_front").get<bool>());
    } else {
      fail(fmt::format("rank {}, expected {} or a tie with the one before", rank, found.best.size() + 1));
    }
  }

  void take_closed(const Json& json) {
    const Json& sizes = json.at("closed");
    const auto count = [&](const char* key) { return proof_whole(json, key, 0, most_counted); };
    const auto size = [&](const char* key) { return proof_whole(sizes, key, 1, max_npus); };
    const auto least = [&](const char* key) {
      return json.at(key).is_null() ? std::nullopt : std::optional(proof_number(json, key));
    };
    proof.push_back({.npus = size("npus"),
                     .sizes = {size("tensor"), size("context"), size("pipeline"), size("expert")},
                     .valid = count("valid"),
                     .do_not_fit = count("do_not_fit"),
                     .above_bound = count("above_bound"),
                     .evaluated = count("evaluated"),
                     .least_bound_ns = least("least_bound_ns"),
                     .least_step_ns = least("least_step_ns")});
  }

  void take_counts(const Json& json) {
    found.counts.valid = proof_whole(json, "valid", 0, most_counted);
    found.counts.fit = proof_whole(json, "fit", 0, most_counted);
    found.counts.below = proof_whole(json, "below_bound", 0, most_counted);
  }

  std::string file_;
  std::string text_;
  Place place_;
  bool has_header_ = false;
};

}  // namespace

namespace {

bool is_on_front(const PlanAnswer& answer, const RankedDivision& row) {
  return std::any_of(answer.best.begin(), answer.best.end(), [&](const PlannedDivision& each) {
    return each.ranked.parallelism.npus() == row.parallelism.npus();
  });
}

}  // namespace

std::string proof_text(const PlanQuestion& question, const PlanAnswer& answer) {
  std::string text = header(question, answer).dump() + '\n';
  const auto list = [&](const RankedDivision& row, std::size_t rank, const Json& more) {
    const auto line = [&](const Parallelism& p) {
      Json json = {{"listed", json_of(p)}, {"rank", rank}, {"step_ns", row.step_ns}};
      json.update(more);
      text += json.dump() + '\n';
    };
    line(row.parallelism);
    for (const Parallelism& tie : row.ties) line(tie);
  };
  for (std::size_t i = 0; i < answer.of_counts.size(); ++i) {
    const RankedDivision& row = answer.of_counts[i];
    list(row, i + 1, {{"on_front", is_on_front(answer, row)}});
  }
  for (std::size_t i = 0; i < answer.best.size() && !answer.pareto; ++i) {
    list(answer.best[i].ranked, i + 1, Json::object());
  }
  for (const ClosedSubtree& each : answer.proof) text += json_of(each).dump() + '\n';
  const DivisionCounts& counts = answer.counts;
  text +=
      Json{{"counts", {{"valid", counts.valid}, {"fit", counts.fit}, {"below_bound", counts.below}}}}.dump();
  return text + '\n';
}

CheckedProof check_proof(const std::string& file) {
  ProofReader reader(file);
  reader.read();
  CheckedProof checked{.question = reader.question};
  checked.subtrees = static_cast<std::int64_t>(reader.proof.size());
  checked.counts = reader.found.counts;
  const DivisionSpace space = weighed_space(reader.question.job, reader.question.search.objective).space;
  if (space.npus != reader.npus) {
    checked.fault = "the NPU counts are not those of the job";
  } else if (space.weights != reader.weights) {
    checked.fault = "the weights of NPU counts are not those of the objective and its prices";
  } else if (reader.question.pareto) {
    const ListedFront front{reader.found.best, reader.on_front, reader.found.counts};
    checked.fault = fault_of_front(space, reader.question.search, front, reader.proof);
  } else {
    checked.fault = fault_of(space, reader.question.search, reader.found, reader.proof);
  }
  return checked;
}

}  // namespace bandwright
