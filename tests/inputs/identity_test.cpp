// What is read is written again equal, and every member that a file can give changes the identity.
#include <gtest/gtest.h>

#include <charconv>
#include <set>
#include <utility>

#include "collective/library.h"
#include "core/fields.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "cost_model/price_list.h"
#include "experiment/points/allocation.h"
#include "memory/tiers.h"
#include "network/graph_file.h"
#include "study/job/job_options.h"
#include "study/plan/space_file.h"
#include "tests/inputs/yaml_copy.h"
#include "training/machine.h"
#include "workload/architecture.h"
#include "workload/transformer.h"

namespace bandwright {
namespace {

// Words of choices and quantities, whatever they belong to.
constexpr std::string_view words_of_members =
    "true|false|fifo|lifo|priority|plain|hierarchical|smallest-first|links|ports|GiB/s|GB/s|"
    "fused|split|themis|ascending|ring|direct|shared|per-npu|gelu|swiglu|Ring|Switch|all-reduce|"
    "all-gather|TP|DP|EqualBW|PerfOptBW|1 us|7 GB/s|whole|switch|port|one2one|many2many|none|"
    "selective|fp8|unfused|gradients|gpipe|all-to-all|cost-per-token|PP,DP,EP,CP,TP";

// Other values that a value may have; the readers say which do.
std::vector<std::string> others_of(const std::string& text) {
  std::vector<std::string> others;
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc()) {
    const std::string unit(end, text.data() + text.size());
    for (const double other :
         {number + 1.0, 2.0 * number, 3.0 * number, 0.5 * number, 0.9 * number, number - 1.0}) {
      others.push_back(fmt::format("{}{}", other, unit));
    }
  }
  for (const std::string_view word : split(words_of_members, '|')) {
    if (word != text) others.emplace_back(word);
  }
  others.push_back(text + "x");
  return others;
}

template <class T>
class Members {
 public:
  explicit Members(const Fields<T>& fields) : fields_(fields) {}

  void check(const std::string& text, const std::string& file) {
    const T object = fields_.read(YamlValue::parse(text, file));
    const std::string content = fields_.content(object);
    EXPECT_EQ(fields_.content(fields_.read(YamlValue::parse(fields_.file_text(object), file))), content)
        << file;
    YamlTree tree = fields_.list().write(&object);  // every member, also those left out of the file
    drop_derived(fields_.list(), tree);
    perturb(tree, tree, content);
  }

  // Of the keys that were seen, those that no value was found for that is read and changes the identity.
  [[nodiscard]] std::set<std::string> silent() const {
    std::set<std::string> keys;
    std::set_difference(seen_.begin(), seen_.end(), changing_.begin(), changing_.end(),
                        std::inserter(keys, keys.end()));
    return keys;
  }

 private:
  // Gives each value below `node` others in turn, beside what the file says and what is around that value.
  void perturb(const YamlTree& root, YamlTree& node, const std::string& content) {
    for (YamlTree::Part& part : node.parts) {
      const bool silent = std::exchange(part.silent, false);
      if (part.value.form == YamlTree::Form::List || part.value.form == YamlTree::Form::Map) {
        changing_.insert(part.key);  // as its parts do
        perturb(root, part.value, content);
      } else {
        seen_.insert(part.key);
        const YamlTree before = part.value;
        for (const std::string& other : others_of(before.text)) {
          if (changing_.contains(part.key)) break;
          part.value = YamlTree::quoted(other);
          if (changes(root, content)) changing_.insert(part.key);
        }
        part.value = before;
      }
      part.silent = silent;
    }
  }

  // Nothing cannot be read, and what is derived is in no file.
  static void drop_derived(const FieldList& list, YamlTree& tree) {
    for (const InputField& field : list.fields) {
      const auto part = std::find_if(tree.parts.begin(), tree.parts.end(),
                                     [&](const YamlTree::Part& p) { return p.key == field.key; });
      if (part == tree.parts.end()) continue;
      if (field.presence == FieldPresence::Derived) {
        tree.parts.erase(part);
      } else {
        drop_below(field.shape, part->value);
      }
    }
  }
  static void drop_below(const FieldShape& shape, YamlTree& value) {
    if (shape.fields != nullptr) return drop_derived(*shape.fields, value);
    if (shape.form == FieldShape::Form::Either) {
      for (const FieldShape& alternative : shape.parts) drop_below(alternative, value);
    } else if (!shape.parts.empty()) {
      for (YamlTree::Part& part : value.parts) drop_below(shape.parts.front(), part.value);
    }
  }

  bool changes(const YamlTree& tree, const std::string& content) {
    try {
      const T other = fields_.read(YamlValue::parse(spoken(tree), "other.yaml"));
      return fields_.content(other) != content;
    } catch (const InputError&) {
      return false;
    }
  }
  static std::string spoken(YamlTree tree) {
    prune(tree);
    return yaml_line(tree);
  }
  static void prune(YamlTree& tree) {
    std::erase_if(tree.parts, [](const YamlTree::Part& part) {
      return part.silent || part.value.form == YamlTree::Form::Nothing;
    });
    for (YamlTree::Part& part : tree.parts) prune(part.value);
  }

  const Fields<T>& fields_;
  std::set<std::string> seen_;
  std::set<std::string> changing_;
};

template <class T>
void check_kind(const Fields<T>& fields, std::string_view folder, const std::vector<std::string>& more = {}) {
  Members<T> members(fields);
  for (const std::string& name : input_names(folder)) {
    const YamlValue root = YamlValue::load(*find_input(folder, name));
    if (!root.find("transformer") && !root.find("same_as"))
      members.check(as_file(root.declared_kind(), copy_of(root)), name);
  }
  for (const std::string& text : more) members.check(text, "more.yaml");
  EXPECT_EQ(members.silent(), std::set<std::string>()) << folder;
}

TEST(Identity, Networks) { check_kind(network_fields(), "networks"); }
TEST(Identity, NetworksAsTheyAreBuilt) {
  check_kind(graph_file_fields(), "fabrics",
             {"name: n\nhelp: h\nnpus: 2\nforward: true\ngrid: Switch(2)\ngrid_bandwidth: [5 GB/s]\n"
              "nodes: [{name: s, count: 2, kind: port, level: 2}]\n"
              "links: [{from: npu, to: s, scheme: many2many, bandwidth: 5 GB/s, latency: 3 ns, class: c, "
              "price: p, cables: 2, cost: 3, "
              "one_way: true}]\nfailed: [{from: npu, to: s}]\n"});
}
TEST(Identity, Libraries) {
  check_kind(
      library_fields(), "libraries",
      {"name: all\nhelp: every key\nchunks: 3\nalgorithms: [ring, {all-reduce: direct, all-gather: ring}]\n"
       "scheduler: themis\ncomposition: plain\ncollective_order: fifo\nchunk_order: smallest-first\n"
       "network_model: links\nforwarding: whole\nlatency: [1 us, 2 us]\nendpoint_delay: 3 "
       "ns\nmessage_overhead: 4 ns\n"
       "reduction_bandwidth: 5 GB/s\nafter_collective: 6 ns\nafter_lone_collective: 7 ns\nbookkeeping: 8 ns\n"
       "truncate: true\nbandwidth_unit: GiB/s\ntables: fused\ncompute_scale: 0.5\n"
       "npus: [{first: 3, last: 4, compute_time: 2, port_speed: 0.5}]\nlinks: [{from: 0, to: 1, speed: "
       "0}]\n"});
}
// An NPU with constants of its own.
const std::string own_npu =
    "name: n\nhelp: h\npeak: {bf16: 5 TFLOP/s}\nmemory: 8 GiB\nmemory_bandwidth: 9 GB/s\nprocessors: "
    "3\nconstants: "
    "a100\nfitted: {gemm_efficiency: 0.5, memory_efficiency: 0.6, kernel_overhead_us: 3, slice_ns: 7, "
    "sustained: 0.8, "
    "host_us: 11, source: s}\n";
TEST(Identity, Npus) { check_kind(npu_fields(), "npus", {own_npu}); }
TEST(Identity, Machines) {
  check_kind(
      machine_fields(), "machines",
      {"name: m\nnpu: a100-sxm-80gb\ndimensions: [{kind: Switch, class: Pod, bandwidth: 5 GB/s, fabric: "
       "torus, fitted: {efficiency: 0.5, latency_us: 3, step_us: 2, source: s}}]\n",
       "name: m\nnpu: {name: n, peak: {bf16: 5 TFLOP/s}, memory: 8 GiB, memory_bandwidth: 9 GB/s, "
       "processors: "
       "3, constants: a100, fitted: {gemm_efficiency: 0.5, memory_efficiency: 0.6, kernel_overhead_us: 3, "
       "slice_ns: 7, sustained: 0.8, host_us: 11, source: s}}\ndimensions: [{kind: Switch, class: Pod, "
       "bandwidth: 5 GB/s, fabric: torus}]\n"});
}
TEST(Identity, Prices) { check_kind(price_list_fields(), "prices"); }
TEST(Identity, Tiers) { check_kind(tier_fields(), "tiers"); }
TEST(Identity, Transformers) { check_kind(architecture_fields(), "models/transformers"); }
TEST(Identity, Shares) { check_kind(share_table_fields(), "allocations"); }
TEST(Identity, LayerTables) {
  check_kind(layer_table_fields(), "models/tables",
             {"name: m\nhelp: h\ntensor_parallel: 2\nlayers:\n  - name: a\n    checkpoint: true\n"
              "    forward: {compute: 1 us, collective: {kind: all-gather, bytes: 8 B, group: TP}}\n"
              "    input_gradient: {compute: 1 us}\n    weight_gradient: {compute: 2 us}\n"});
}
TEST(Identity, TransformerTables) {
  Members<TransformerTable> members(transformer_table_fields());
  for (const std::string& name : input_names("models/tables")) {
    const YamlValue root = YamlValue::load(*find_input("models/tables", name));
    if (root.find("transformer")) members.check(as_file(root.declared_kind(), copy_of(root)), name);
  }
  EXPECT_EQ(members.silent(), std::set<std::string>());
}
TEST(Identity, RenamedTables) {
  Members<RenamedTable> members(renamed_table_fields());
  for (const std::string& name : input_names("models/tables")) {
    const YamlValue root = YamlValue::load(*find_input("models/tables", name));
    if (root.find("same_as")) members.check(as_file(root.declared_kind(), copy_of(root)), name);
  }
  EXPECT_EQ(members.silent(), std::set<std::string>());
}
TEST(Identity, Calibration) {
  Members<Calibration> members(calibration_fields());
  const YamlValue root = YamlValue::load(inputs_folder() / "calibration.yaml");
  members.check(as_file("calibration", copy_of(root)), "calibration.yaml");
  EXPECT_EQ(members.silent(), std::set<std::string>());
}

// A space with every key.
const std::string whole_space =
    "help: h\nmodel: llama3-8b\nmachine: dgx-a100\nnpus: [8, 16]\nglobal_batch: 32\ntp: [2, 4]\ncp: "
    "1..2\npp: 2\n"
    "ep: 1\nvirtual_stages: 2\nmicro_batch: 2\nzero: 1\nrecompute: full\nsequence_parallel: true\nsequence: "
    "4096\n"
    "precision: fp16\nattention: flash2\noverlap: none\ndispatch: per-node\nplacement: TP,CP,EP,PP,DP\n"
    "schedule: 1f1b\nbucket: 100 MB\nminimize: perf-per-cost\nmax_step: 9 s\nmax_memory: 70 GB\nbest: 3\n"
    "prices: artifact\npareto: true\nnpu: a100\nbudget: 500\nhardware: usual\nshapes: any\ndimensions: 3\n"
    "constraints: [b1 >= 2 b2]\n";
TEST(Identity, Spaces) { check_kind(space_fields(), "spaces", {whole_space}); }

// What a question asks, in one text.
std::string asked(const YamlValue& root) {
  const PlanQuestion question = read_space(root);
  const HardwareWords bought = hardware_words(root);
  std::string text;
  for (const JobOption* option : given_options(question.job)) {
    text += fmt::format("{}={} ", option->name, question.job.*option->word);
  }
  const DivisionSearch& search = question.search;
  text += fmt::format("{} {} {} {} {} ", bought.npu, bought.hardware, bought.shapes, bought.dimensions,
                      fmt::join(bought.constraints, ";"));
  return text + fmt::format("{} {} {} {} {}", plan_objective_name(search.objective), search.best,
                            search.longest_step_ns, search.most_memory_bytes, question.pareto);
}

// No key of a space is read and then forgotten: without any one of them another question is asked, or none.
TEST(Identity, EveryKeyOfASpaceReachesItsQuestion) {
  const std::string whole = asked(YamlValue::parse(whole_space, "whole.yaml"));
  std::size_t keys = 0;
  for (std::size_t at = whole_space.find('\n') + 1; at < whole_space.size(); ++keys) {  // after `help`
    const std::size_t end = whole_space.find('\n', at) + 1;
    std::string less = whole_space;
    less.erase(at, end - at);
    try {
      EXPECT_NE(asked(YamlValue::parse(less, "less.yaml")), whole) << whole_space.substr(at, end - at);
    } catch (const InputError&) {  // one that a space must have
    }
    at = end;
  }
  EXPECT_EQ(keys + 1, space_fields().list().fields.size()) << "a new key: add it to whole_space";
}

// The constants of a machine stand in another file; a machine with other constants is another machine.
TEST(Identity, AMachineWithOtherConstantsIsAnother) {
  Machine machine = load_machine("dgx-a100");
  const std::string content = machine_fields().content(machine);
  machine.npu.constants.slice_ns += 1.0;
  EXPECT_NE(machine_fields().content(machine), content);
  machine = load_machine("dgx-a100");
  machine.dimensions[1].constants.step_us += 1.0;
  EXPECT_NE(machine_fields().content(machine), content);
}

}  // namespace
}  // namespace bandwright
