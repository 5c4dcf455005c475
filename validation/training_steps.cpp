#include "validation/training_steps.h"

#include <fmt/format.h>

#include "validation/read_rows.h"
#include "validation/software.h"
#include "validation/training_row.h"

namespace bandwright {

RowsRead read_training_steps(const std::filesystem::path& file) {
  Machines machines;
  return read_rows(file, [&](const CsvRow& row) {
    TransformerArchitecture model = load_architecture(row.text("model"));
    model.sequence = row.count_or("sequence", model.sequence);
    Parallelism p = software(row.text("software"));
    set_tp_pp_dp(p, row, tp_pp_dp);
    set_batch(p, row);
    p.context = row.count_or("cp", 1);
    p.sequence_parallel = row.yes("sequence_parallel") && p.tensor > 1;
    p.recompute = recomputation(row.text("recompute"));
    p.precision = precision(row.text("precision"));
    interleave(p, row.count_or("virtual_stages", 1));
    if (row.yes("pp_inside_dp")) p.placement = {"TP", "CP", "EP", "PP", "DP"};
    return training_row({model, *machines.load(row.text("system")), p},
                        {fmt::format("{} on {} NPUs of {}, {}", row.text("model"), p.npus(),
                                     row.text("system"), row.text("source")),
                         fmt::format("{}, {}", row.text("system"), row.text("software"))},
                        row.number("seconds"), {.scale = 1e-9});
  });
}

}  // namespace bandwright
