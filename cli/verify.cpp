#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/plan/hardware_plan.h"
#include "answers/plan/plan.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "study/plan/proof_file.h"

namespace bandwright {
namespace {

struct VerifyOptions {
  std::string file;
  OutputOptions output;
};

void run(const VerifyOptions& options) {
  if (is_hardware_proof(options.file)) {
    const CheckedHardwareProof checked = check_hardware_proof(options.file);
    write_answer(options.output, hardware_proof_document(checked));
    if (!checked.fault.empty()) throw CLI::RuntimeError(1);
    return;
  }
  const CheckedProof checked = check_proof(options.file);
  write_answer(options.output, proof_document(checked));
  if (!checked.fault.empty()) throw CLI::RuntimeError(1);
}

}  // namespace

void add_verify(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("verify", "Checks a proof of `plan` by itself: nothing else is better");
  const auto options =
      std::make_shared<VerifyOptions>();  // shared with the callback, which outlives this function
  command->add_option("proof", options->file, "what `plan --proof` wrote")->required()->type_name("FILE");
  add_output_options(*command, options->output);
  command->footer(
      "Example:\n"
      "  bandwright plan llama3-8b --machine dgx-h100 --npus 16 --global-batch 32 --proof p.jsonl\n"
      "  bandwright verify p.jsonl");
  let_start_fresh(*command, options);
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
