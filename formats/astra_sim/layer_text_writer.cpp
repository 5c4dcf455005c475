#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/astra_sim/layer_words.h"

namespace bandwright {
namespace {
std::string pass_text(const Model& model, const Pass& pass) {
  const std::int64_t ns = std::llround(to_ns(pass.compute));
  if (!pass.communication) return fmt::format("{}\tNONE\t0", ns);
  for (const CollectiveWord& known : collective_words) {
    if (known.kind == pass.communication->collective.kind) {
      return fmt::format("{}\t{}\t{}", ns, known.word, pass.communication->collective.bytes.value());
    }
  }
  throw InputError(fmt::format("{}: a layer text has no word for {}", model.name,
                               collective_name(pass.communication->collective.kind)));
}

}  // namespace

std::string write_layer_text(const Model& model) {
  std::vector<std::size_t> initiates;
  std::vector<std::size_t> checkpoints = {0};
  for (std::size_t i = 0; i < model.lines.size(); ++i) {
    if (!model.lines[i].checkpoint) continue;
    initiates.insert(initiates.begin(), i);
    checkpoints.push_back(i + 1);
  }
  if (!initiates.empty()) checkpoints.pop_back();
  std::string text = fmt::format("HYBRID_TRANSFORMER{}\tmodel_parallel_NPU_group: {}",
                                 initiates.empty() ? "" : "_FWD_IN_BCKWD", model.tensor_parallel);
  if (!initiates.empty()) {
    text += fmt::format(" checkpoints: {} {} checkpoint_initiates: {} {}", checkpoints.size(),
                        fmt::join(checkpoints, " "), initiates.size(), fmt::join(initiates, " "));
  }
  text += fmt::format("\n{}\n", model.lines.size());
  for (const Line& line : model.lines) {
    std::string name = line.name;  // one word
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return c <= ' '; }, '_');
    text += fmt::format("{}\t-1\t{}\t{}\t{}\t0\n", name, pass_text(model, line.forward),
                        pass_text(model, line.input_gradient), pass_text(model, line.weight_gradient));
  }
  return text;
}

}  // namespace bandwright
