#include "study/plan/hardware_proof_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/io/files.h"
#include "core/text.h"
#include "plan/hardware/proof/hardware_check.h"
#include "study/job/job_options.h"
#include "study/plan/proof_json.h"

namespace bandwright {
namespace {

using ProofLine = ProofJson;
constexpr std::string_view proof_kind = "hardware-proof";
constexpr std::size_t most_proof_bytes = std::size_t{1} << 30;

ProofLine line_of(const Parallelism& p) {
  return {p.tensor,           p.context,     p.pipeline, p.expert,
          p.virtual_stages,   p.micro_batch, p.zero,     recomputation_name(p.recompute),
          p.sequence_parallel};
}
Parallelism division_of(const ProofLine& line, const HardwareSpace& space) {
  Parallelism p = space.divisions.job.parallelism;
  const auto count = [&](std::size_t i) { return proof_whole(line.at(i), 1, max_npus); };
  p.tensor = count(0);
  p.context = count(1);
  p.pipeline = count(2);
  p.expert = count(3);
  p.virtual_stages = count(4);
  p.schedule = schedule_of(p, p.virtual_stages);
  p.micro_batch = count(5);
  p.zero = static_cast<int>(proof_whole(line.at(6), 0, 3));
  p.recompute = recomputation(line.at(7).get<std::string>());
  p.sequence_parallel = line.at(8);
  std::int64_t replicas = space.divisions.npus.front();
  for (const std::int64_t size : {p.tensor, p.context, p.pipeline}) {
    if (replicas % size != 0) throw InputError("no division of the NPUs");
    replicas /= size;
  }
  p.data = replicas;
  return p;
}

std::vector<double> numbers(const ProofLine& list) {
  std::vector<double> all;
  for (const ProofLine& each : list) all.push_back(proof_number(each));
  return all;
}

std::vector<std::string> order_of(const std::string& groups) {
  std::vector<std::string> order;
  for (const std::string_view name : split(groups, ',')) order.emplace_back(name);
  std::vector<std::string> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != std::vector<std::string>{"CP", "DP", "EP", "PP", "TP"})
    throw InputError("no order of groups");
  return order;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

ProofLine header(const HardwareQuestion& question) {
  ProofLine job = ProofLine::object();
  for (const JobOption* option : given_options(question.job)) {
    job[std::string(option->name)] = question.job.*option->word;
  }
  const HardwareWords& words = question.words;
  return {{"bandwright", proof_kind},
          {"version", 2},
          {"job", job},
          {"npu", words.npu},
          {"hardware", words.hardware},
          {"shapes", words.shapes},
          {"dimensions", words.dimensions},
          {"minimize", plan_objective_name(question.objective)},
          {"pareto", question.pareto},
          {"best", question.search.best},
          {"max_step_ns", question.search.longest_step_ns},
          {"max_memory_bytes", question.search.most_memory_bytes}};
}

ProofLine line_of(const RankedHardware& row, const Network& network) {
  ProofLine ties = ProofLine::array();
  for (const Parallelism& tie : row.ties) ties.push_back(line_of(tie));
  return {{"listed", line_of(row.parallelism)},
          {"groups", joined(row.parallelism.placement)},
          {"network", network.shorthand()},
          {"gb_per_s", row.gb_per_s},
          {"step_ns", row.step_ns},
          {"value", row.value},
          {"ties", ties}};
}

ProofLine line_of(const ClosedSizes& sizes) {
  const GroupSizes& s = sizes.sizes;
  return {{"closed", {s.tensor, s.context, s.pipeline, s.expert}},
          {"valid", sizes.valid},
          {"do_not_fit", sizes.do_not_fit},
          {"above_bound", sizes.above_bound},
          {"least_bound", sizes.least_bound ? ProofLine(*sizes.least_bound) : ProofLine(nullptr)},
          {"by_path", sizes.by_path}};
}

ProofLine line_of(const ClosedPair& pair) {
  ProofLine cuts = ProofLine::array();
  for (const ClosedPair::Cut& cut : pair.cuts) cuts.push_back({cut.weight, cut.gb_per_s});
  return {{"pair",
           {pair.virtual_stages, pair.micro_batch, pair.zero, recomputation_name(pair.recompute),
            pair.sequence_parallel}},
          {"groups", pair.groups},
          {"npus", pair.npus},
          {"kinds", pair.kinds},
          {"cuts", cuts},
          {"bound", pair.bound}};
}

// Reads lines in their order.
class HardwareProofReader {
 public:
  explicit HardwareProofReader(const std::string& file)
      : file_(file), text_(read_text_file(file, most_proof_bytes)) {}

  void read() {
    for (const std::string_view line : split(text_, '\n')) {
      ++place_.line;
      if (trimmed(line).empty()) continue;
      try {
        take(ProofLine::parse(line));
      } catch (const ProofLine::exception& error) {
        fail(fmt::format("no line of a proof: {}", problem_of(error)));
      } catch (const InputError& error) {
        if (error.is_in(file_)) throw;
        fail(error.what());
      }
    }
    if (!has_header_) fail("no proof in it");
  }

  HardwareQuestion question;
  HardwareSpace space;
  std::vector<FrontPart> parts;  // one of what is no front

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError(Place{.file = file_, .line = place_.line}, problem);
  }

  void take(const ProofLine& line) {
    if (!has_header_) return take_header(line);
    if (line.contains("part") && question.pareto) return take_part(line.at("part"));
    if (parts.empty()) fail("expected a line with part");
    if (line.contains("listed")) return take_listed(line);
    if (line.contains("closed")) return take_closed(line);
    if (line.contains("pair")) return take_pair(line);
    if (!line.contains("counts")) fail("expected a line with listed, closed, pair or counts");
    HardwareCounts& counts = parts.back().found.counts;
    counts.valid = proof_whole(line.at("counts"), "valid", 0, most_counted);
    counts.fit = proof_whole(line.at("counts"), "fit", 0, most_counted);
  }

  void take_part(const ProofLine& line) {
    parts.push_back({.objective = plan_objective(line.at("minimize").get<std::string>()),
                     .budget = proof_number(line, "budget_usd"),
                     .longest_step_ns = proof_number(line, "max_step_ns")});
  }

  void take_header(const ProofLine& line) {
    if (line.value("bandwright", "") != proof_kind || line.at("version") != 2)
      fail("a proof of another version");
    for (const auto& [name, word] : line.at("job").items()) {
      const JobOption* option = find_job_option(name);
      if (option == nullptr) fail(fmt::format("job: unknown '{}'", printable(name)));
      question.job.*option->word = word.get<std::string>();
    }
    question.words = {line.at("npu"), line.at("hardware"), line.at("shapes"), line.at("dimensions"), {}};
    constexpr std::int64_t most_listed = 10'000;
    question.objective = plan_objective(line.at("minimize").get<std::string>());
    question.pareto = line.value("pareto", false);
    question.search.best = static_cast<std::size_t>(proof_whole(line, "best", 1, most_listed));
    question.search.longest_step_ns = proof_number(line, "max_step_ns");
    question.search.most_memory_bytes = proof_number(line, "max_memory_bytes");
    space = hardware_space(question);
    if (!question.pareto) parts.emplace_back();
    has_header_ = true;
  }

  void take_listed(const ProofLine& line) {
    RankedHardware row;
    row.parallelism = division_of(line.at("listed"), space);
    row.parallelism.placement = order_of(line.at("groups"));
    row.shape = family_of(space.hardware, parse_network(line.at("network").get<std::string>()),
                          space.dollars ? &space.prices : nullptr);
    row.gb_per_s = numbers(line.at("gb_per_s"));
    if (row.gb_per_s.size() != row.shape.npus.size()) fail("a bandwidth for each dimension is expected");
    row.step_ns = proof_number(line, "step_ns");
    row.value = proof_number(line, "value");
    for (const ProofLine& tie : line.at("ties")) row.ties.push_back(division_of(tie, space));
    parts.back().found.best.push_back(std::move(row));
  }

  void take_closed(const ProofLine& line) {
    ClosedSizes sizes;
    const ProofLine& of = line.at("closed");
    const auto size = [&](std::size_t i) { return proof_whole(of.at(i), 1, max_npus); };
    const auto count = [&](const char* key) { return proof_whole(line, key, 0, most_counted); };
    sizes.sizes = {size(0), size(1), size(2), size(3)};
    sizes.valid = count("valid");
    sizes.do_not_fit = count("do_not_fit");
    sizes.above_bound = count("above_bound");
    if (!line.at("least_bound").is_null()) sizes.least_bound = proof_number(line, "least_bound");
    sizes.by_path = count("by_path");
    parts.back().proof.push_back(std::move(sizes));
  }

  void take_pair(const ProofLine& line) {
    if (parts.back().proof.empty()) fail("a pair in front of its sizes");
    const ProofLine& of = line.at("pair");
    ClosedPair pair{.virtual_stages = proof_whole(of.at(0), 1, max_npus),
                    .micro_batch = proof_whole(of.at(1), 1, max_npus),
                    .zero = static_cast<int>(proof_whole(of.at(2), 0, 3)),
                    .recompute = recomputation(of.at(3).get<std::string>()),
                    .sequence_parallel = of.at(4),
                    .groups = line.at("groups"),
                    .npus = {},
                    .kinds = line.at("kinds"),
                    .bound = line.at("bound").is_null() ? std::numeric_limits<double>::infinity()
                                                        : proof_number(line, "bound")};
    for (const ProofLine& npus : line.at("npus")) {
      pair.npus.push_back(static_cast<int>(proof_whole(npus, 1, max_npus)));
    }
    for (const ProofLine& cut : line.at("cuts"))
      pair.cuts.push_back({proof_number(cut.at(0)), numbers(cut.at(1))});
    parts.back().proof.back().pairs.push_back(std::move(pair));
  }

  std::string file_;
  std::string text_;
  Place place_;
  bool has_header_ = false;
};

}  // namespace

namespace {

std::string lines_of(const RankedHardware& row, const HardwareSpace& space) {
  return line_of(row, network_of(space.hardware, row.shape)).dump() + "\n";
}

std::string lines_of(const std::vector<ClosedSizes>& proof, const HardwareCounts& counts) {
  std::string text;
  for (const ClosedSizes& sizes : proof) {
    text += line_of(sizes).dump() + "\n";
    for (const ClosedPair& pair : sizes.pairs) text += line_of(pair).dump() + "\n";
  }
  return text + ProofLine{{"counts", {{"valid", counts.valid}, {"fit", counts.fit}}}}.dump() + "\n";
}

// What a part asks must be within the whole question, and the first is the fastest of all of it.
std::string fault_of_part(const HardwareProofReader& reader, const FrontPart& part) {
  const HardwareSearch& search = reader.question.search;
  const bool known = part.objective == PlanObjective::StepTime || part.objective == reader.question.objective;
  if (!known || part.budget > reader.space.budget) return "a part is of another question";
  if (search.longest_step_ns > 0.0 && !(part.longest_step_ns <= search.longest_step_ns))
    return "a part is of longer steps than were asked for";
  const bool whole = part.objective == PlanObjective::StepTime && part.budget == reader.space.budget &&
                     part.longest_step_ns == search.longest_step_ns;
  if (&part == &reader.parts.front() && !whole) return "the first part is not of the fastest of all";
  return fault_of_hardware(part_space(reader.space, part), part_search(search, part), part.found, part.proof);
}

}  // namespace

std::string hardware_proof_text(const HardwareQuestion& question, const HardwareAnswer& answer) {
  std::string text = header(question).dump() + "\n";
  for (const FrontPart& part : answer.parts) {
    text += ProofLine{{"part",
                       {{"minimize", plan_objective_name(part.objective)},
                        {"budget_usd", part.budget},
                        {"max_step_ns", part.longest_step_ns}}}}
                .dump() +
            "\n";
    for (const RankedHardware& row : part.found.best) text += lines_of(row, answer.space);
    text += lines_of(part.proof, part.found.counts);
  }
  if (answer.pareto) return text;
  for (const PlannedHardware& each : answer.best) text += lines_of(each.ranked, answer.space);
  return text + lines_of(answer.proof, answer.counts);
}

bool is_hardware_proof(const std::string& file) {
  const std::string text = read_text_file(file, most_proof_bytes);
  return text.substr(0, text.find('\n')).find(proof_kind) != std::string::npos;
}

CheckedHardwareProof check_hardware_proof(const std::string& file) {
  HardwareProofReader reader(file);
  reader.read();
  CheckedHardwareProof checked{.question = reader.question};
  if (reader.parts.empty()) checked.fault = "no part of the front is there";
  for (const FrontPart& part : reader.parts) {
    checked.counts = part.found.counts;
    checked.subtrees += part.proof.size();
    for (const ClosedSizes& sizes : part.proof)
      checked.pairs += static_cast<std::int64_t>(sizes.pairs.size());
    if (!checked.fault.empty()) continue;
    checked.fault = reader.question.pareto
                        ? fault_of_part(reader, part)
                        : fault_of_hardware(reader.space, reader.question.search, part.found, part.proof);
  }
  return checked;
}

}  // namespace bandwright
