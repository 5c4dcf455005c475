#include "answers/plan/plan.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>
#include <memory>
#include <system_error>

#include "answers/plan/hardware_plan.h"
#include "answers/plan/plan_picture.h"
#include "cli/commands.h"
#include "cli/console/launched.h"
#include "cli/console/output.h"
#include "cli/options/answer_plot.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "core/io/interrupt.h"
#include "core/io/progress.h"
#include "runner/checkpoint.h"
#include "study/job/job_options.h"
#include "study/plan/hardware_proof_file.h"
#include "study/plan/plan_work.h"
#include "study/plan/proof_file.h"
#include "study/plan/space_file.h"

namespace bandwright {
namespace {

struct PlanOptions {
  std::vector<std::string> words;  // positionals
  PlanQuestion question;
  SearchWords search;
  HardwareWords hardware;
  std::string launch;
  std::string proof;       // file
  std::string machine;     // file, of the best one bought
  std::string checkpoint;  // file
  LaunchOptions launch_options;
  AnswerPlot plot{.folder = "output/plan"};
  OutputOptions output;
};

// What was typed takes the place of what a file says.
void take(const std::string& typed, std::string& said) {
  if (!typed.empty()) said = typed;
}
void take_typed(const HardwareWords& typed, HardwareWords& said) {
  take(typed.npu, said.npu);
  take(typed.hardware, said.hardware);
  take(typed.shapes, said.shapes);
  take(typed.dimensions, said.dimensions);
  said.constraints.insert(said.constraints.end(), typed.constraints.begin(), typed.constraints.end());
}

PlanQuestion question_of(const PlanOptions& options, HardwareWords& hardware) {
  PlanQuestion question = options.question;
  take_model_and_machine(options.words, question.job);
  if (question.job.model.empty())
    throw InputError("missing <model>: bandwright plan <model> [<machine>] --npus N");
  const std::filesystem::path file = question.job.model;
  const bool yaml = file.extension() == ".yaml" || file.extension() == ".yml";
  if (yaml) {
    const YamlValue root = YamlValue::load(file);
    if (root.declared_kind() == "space") {
      PlanQuestion said = read_space(root);
      hardware = hardware_words(root);
      question.job.model.clear();
      for (const JobOption* option : given_options(question.job)) {
        said.job.*option->word = question.job.*option->word;
      }
      said.pareto = said.pareto || question.pareto;
      said.explain = question.explain;
      question = std::move(said);
    }
  }
  take_typed(options.hardware, hardware);
  const DivisionSearch typed = read_search(options.search);
  if (!options.search.minimize.empty()) question.search.objective = typed.objective;
  if (!options.search.best.empty()) question.search.best = typed.best;
  if (!options.search.max_step.empty()) question.search.longest_step_ns = typed.longest_step_ns;
  if (!options.search.max_memory.empty()) question.search.most_memory_bytes = typed.most_memory_bytes;
  return question;
}

Watch watch(const InterruptWatch& interrupt, const Crew& crew, ProgressBar& bar) {
  Watch one{.stop = interrupt.token()};
  if (crew.leads()) one.on_search = [&bar](std::string_view stage, double share) { bar.show(share, stage); };
  return one;
}

// What is finished is kept in the file of --checkpoint until the answer is there.
template <class Question>
void go_on(const PlanOptions& options, const Question& question, Crew& crew) {
  if (options.checkpoint.empty()) return;
  crew.go_on_from(crew.leads() ? std::make_unique<Checkpoint>(options.checkpoint,
                                                              BANDWRIGHT_VERSION "\n" + work_of(question))
                               : nullptr);
}
void end_checkpoint(const PlanOptions& options, Crew& crew) {
  if (options.checkpoint.empty()) return;
  crew.go_on_from(nullptr);
  std::error_code ignored;
  if (crew.leads()) std::filesystem::remove(options.checkpoint, ignored);
}

// On hardware that is still to be bought.
void run_hardware(const PlanOptions& options, const PlanQuestion& question, HardwareWords words, Crew& crew) {
  HardwareQuestion asked{
      .job = question.job, .words = std::move(words), .objective = question.search.objective};
  if (!question.job.machine.empty()) throw InputError("--npu: expected it or --machine, not both");
  if (options.plot.plot) throw InputError("--npu: --plot is for machines that are there");
  asked.pareto = question.pareto;
  asked.explain = question.explain;
  asked.prove = !options.proof.empty();
  asked.search.best = question.search.best;
  asked.search.longest_step_ns = question.search.longest_step_ns;
  asked.search.most_memory_bytes = question.search.most_memory_bytes;
  asked.search.crew = &crew;
  HardwareAnswer answer;
  {
    const InterruptWatch interrupt(stop_of(options.output.host));
    ProgressBar bar("plan");
    go_on(options, asked, crew);
    answer = plan_hardware(asked, watch(interrupt, crew, bar));
  }
  if (!crew.leads()) return;
  if (asked.prove && !answer.interrupted) {
    write_output({.file = options.proof}, hardware_proof_text(asked, answer));
  }
  if (!options.machine.empty() && !answer.best.empty()) {
    write_output({.file = options.machine}, machine_text(answer.best.front().machine));
  }
  write_answer(options.output, hardware_plan_document(asked.job.model, options.machine, answer));
  if (answer.interrupted) throw CLI::RuntimeError(interrupted_status);
  end_checkpoint(options, crew);
  if (answer.best.empty()) throw CLI::RuntimeError(1);
}

void run(const PlanOptions& options, Crew& crew) {
  HardwareWords hardware;
  PlanQuestion question = question_of(options, hardware);
  if (!hardware.npu.empty()) return run_hardware(options, question, std::move(hardware), crew);
  question.prove = !options.proof.empty();
  question.search.crew = &crew;
  PlanAnswer answer;
  std::vector<PlanCell> map;
  {
    const InterruptWatch interrupt(stop_of(options.output.host));
    ProgressBar bar("plan");
    go_on(options, question, crew);
    answer = plan(question, watch(interrupt, crew, bar));
    const bool drawn = options.plot.plot || makes_page(options.output);
    if (drawn && !answer.interrupted) map = plan_map(question, answer, {.stop = interrupt.token()});
  }
  if (!crew.leads()) return;
  if (question.prove && !answer.interrupted)
    write_output({.file = options.proof}, proof_text(question, answer));
  const Job& job = question.job;
  write_answer(
      options.output,
      plan_document({job.model, std::string(word_of(job, &Job::machine)), options.launch}, answer, map));
  if (answer.interrupted) throw CLI::RuntimeError(interrupted_status);
  end_checkpoint(options, crew);
  if (answer.best.empty()) throw CLI::RuntimeError(1);
  const std::string machine(word_of(job, &Job::machine));
  const std::string of =
      fmt::format("{}-on-{}", picture_name(job.model, job.model), picture_name(machine, machine));
  plot_answer("plan", of, plan_picture(answer, map), options.plot);
}

// What follows may be the model or the machine, since the value may be left out.
void take_pareto(PlanOptions& options, const std::string& word) {
  options.question.pareto = true;
  if (word.empty() || word == "time,cost") return;
  if (word.find(',') != std::string::npos) throw CLI::ValidationError("--pareto", "expected time,cost");
  options.words.push_back(word);
}

void add_plan_options(CLI::App& command, PlanOptions& options) {
  command
      .add_option("--minimize", options.search.minimize,
                  "time (of a step, the default), cost-per-token (NPU hours), network-cost or\n"
                  "perf-per-cost (step time x network cost)")
      ->type_name("WHAT");
  command.add_option("--best", options.search.best, "how many divisions to list (default 10)")
      ->type_name("N");
  command.add_option("--max-step", options.search.max_step, "only steps of at most this")->type_name("TIME");
  command
      .add_option("--max-memory", options.search.max_memory, "of an NPU, where not all of it may be taken")
      ->type_name("SIZE");
  command
      .add_option_function<std::string>(
          "--pareto", [&options](const std::string& word) { take_pareto(options, word); },
          "the best of each NPU count that none beats in step time and in what is minimized; with --npu\n"
          "the fastest within --budget, within half of what that costs, and so on, or, of what else is\n"
          "minimized, the cheapest with steps a little longer than the fastest, and so on")
      ->expected(0, 1)
      ->type_name("[time,cost]");
  command.add_option("--explain", options.question.explain, "why not this one: 'tp 8 pp 8'")
      ->type_name("DIVISION");
  add_output_file(command, "--checkpoint", options.checkpoint,
                  "keep what is finished in this file until the answer is there: ended at any moment, the\n"
                  "same command goes on from it");
  add_output_file(command, "--proof", options.proof, "write why nothing is better, for `bandwright verify`");
  command
      .add_option("--npu", options.hardware.npu,
                  "in place of --machine: an NPU, whose network is bought within --budget")
      ->type_name("NPU");
  command
      .add_option("--shapes", options.hardware.shapes,
                  "of networks to buy: any (the default), or Ring(8)_Switch(128) ...")
      ->type_name("SHAPES");
  command
      .add_option("--dimensions", options.hardware.dimensions, "at most so many, of any shape (default 4)")
      ->type_name("N");
  command
      .add_option("--hardware", options.hardware.hardware,
                  "classes of dimensions and their limits: a name or a file (default usual)")
      ->type_name("HARDWARE");
  command
      .add_option("--constraint", options.hardware.constraints,
                  "on what is bought, such as 'b1 >= 2 b2' or 'cost <= $15M'; may be given again")
      ->type_name("CONSTRAINT");
  add_output_file(command, "--write-machine", options.machine,
                  "write the best machine that is bought, as YAML");
  command
      .add_option("--launch", options.launch, "show the best one's arguments of megatron-core or torchtitan")
      ->check(CLI::IsMember({"megatron-core", "torchtitan"}))
      ->type_name("SOFTWARE");
}

}  // namespace

void add_plan(CLI::App& app) {
  CLI::App* command = app.add_subcommand("plan", "The best way to divide a training step over NPUs, exactly");
  const auto options =
      std::make_shared<PlanOptions>();  // shared with the callback, which outlives this function
  Job& job = options->question.job;
  command->add_option("words", options->words)
      ->option_text(
          "<model> [<machine>], in either order\n"
          "      model: a transformer: a name, a YAML file, a Hugging Face config.json, or a space of\n"
          "      divisions\n"
          "      machine: a name of `list machines`, or a YAML file (dgx-a100)");
  add_job_option(*command, job, &Job::model)->description("in place of <model>");
  add_job_option(*command, job, &Job::machine, "--machine,--system")->description("in place of <machine>");
  add_job_option(*command, job, &Job::npus)->description("NPUs of the job, or a list of counts to compare");
  add_plan_options(*command, *options);
  add_job_options(*command, job, OptionGroup::Divisions);
  add_job_option(*command, job, &Job::recompute)->description("none, selective, full, or a list of them");
  begin_group(*command, finer_points);
  add_job_options(*command, job, OptionGroup::Finer);
  add_job_option(*command, job, &Job::budget);
  add_job_options(*command, job, OptionGroup::Prices);
  begin_group(*command, main_options);
  add_answer_plot(*command, options->plot, "draw the best step over TP x PP, and the front of --pareto");
  add_launch_options(*command, options->launch_options);
  add_output_options(*command, options->output);
  command->footer(
      "Each of --tp --cp --pp --ep --virtual-stages --micro-batch --zero --recompute is a decision: left out "
      "it\n"
      "may be anything, else one value, a list (--tp 2,4,8) or a range (2..8). A space is a YAML file of all "
      "that.\n"
      "Examples:\n"
      "  bandwright plan llama3-70b --machine dgx-h100 --npus 512 --global-batch 1024\n"
      "  bandwright plan gpt3-175b --machine dgx-a100 --npus 1024 --global-batch 1536 --explain 'tp 8 pp 8'\n"
      "  bandwright plan llama3-8b --machine dgx-h100 --npus 8,16,32,64 --global-batch 256\n"
      "      --minimize cost-per-token --max-step 20s --format json\n"
      "  bandwright plan gpt3-175b --npu a100 --npus 1024 --budget 500\n"
      "  bandwright plan inputs/spaces/llama3-70b-on-h100.yaml\n"
      "  mpirun -n 4 bandwright plan gpt3-175b --machine dgx-a100 --npus 1024 --global-batch 1536");
  let_start_fresh(*command, options);
  command->callback([command, options] {
    const LaunchOptions& launch = options->launch_options;
    check_needs(*command, {"--tasks", "--partition"}, {"--slurm"});
    check_needs(*command, {"--plot-folder"}, {"--plot"});
    if (launch.slurm) return write_output(options->output, slurm_script(launch));
    with_crew(launch, [&](Crew& crew) { run(*options, crew); });
  });
}

}  // namespace bandwright
