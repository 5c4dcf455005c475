#include "training/machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/cut.h"
#include "core/fields.h"
#include "core/io/kept.h"
#include "core/io/paths.h"
#include "core/text.h"

namespace bandwright {
namespace {

// A map under `nccl` says that NPU kernels copy the data.
struct Nccl {
  double low_latency = 0.0;
  double in_switch = 0.0;
};

Kind<Software> software() {
  static const Fields<Nccl> fields(
      "nccl", "how NCCL works on these links",
      optional("low_latency", &Nccl::low_latency, kinds::number(0.01, 1.0),
               "speed of the protocol for small messages, in the large ones'; 0: none"),
      optional("in_switch", &Nccl::in_switch, kinds::number(0.01, 1.0),
               "speed of links under reductions in the switch; 0: none"));
  Kind<Software> kind = kinds::mapped<Software>(
      kinds::object(fields),
      [](const Nccl& nccl) {
        return Software{true, nccl.low_latency, nccl.in_switch};
      },
      [](const Software& software) {
        return Nccl{software.low_latency, software.in_switch};
      });
  kind.write = [write = kind.write](const Software& software) {
    return software.copies ? write(software) : YamlTree();
  };
  return kind;
}

// Many machines name the same one.
Npu npu_of(const YamlValue& npu) {
  static Kept<Npu> kept;
  if (npu.is_map()) return npu_fields().read(npu);
  const auto word = npu.parsed("an NPU", [](std::string_view text) { return std::string(text); });
  return *kept.get(word, [&] { return npu_fields().read(npu_map(npu)); });
}

template <class Constants>
bool is_known(const std::vector<std::pair<std::string, Constants>>& all, std::string_view name) {
  return std::any_of(all.begin(), all.end(), [&](const auto& known) { return known.first == name; });
}

Kind<Npu> npu_or_name() {
  Kind<Npu> kind = kinds::object(npu_fields());
  FieldShape shape = kinds::shape_of_list(
      FieldShape::Form::Either, "a name of inputs/npus, an NPU file, or a map", kinds::text().shape);
  shape.parts.push_back(kind.shape);
  return {npu_of, kind.write, std::move(shape)};
}

// In the file from two neighbours on; one has all there is.
Kind<std::vector<double>> group_shares() {
  return kinds::mapped<std::vector<double>>(
      kinds::list(kinds::number(0.001, 1.0)),
      [](const std::vector<double>& shares) {
        std::vector<double> by_size(2, 1.0);
        by_size.insert(by_size.end(), shares.begin(), shares.end());
        return by_size;
      },
      [](const std::vector<double>& by_size) {
        return std::vector<double>(by_size.begin() + std::min<std::ptrdiff_t>(2, std::ssize(by_size)),
                                   by_size.end());
      });
}

Kind<std::map<int, double>> rates() {
  Kind<std::map<int, double>> kind;
  kind.read = [](const YamlValue& map) {
    std::map<int, double> by_npus;
    for (const auto& [npus, rate] : map.entries()) {
      const double items_per_second = rate.as_number(1e-9, 1e15);
      try {
        by_npus[static_cast<int>(parse_integer(npus, 1, max_npus))] = items_per_second;
      } catch (const InputError& error) {
        rate.fail(error.what());
      }
    }
    return by_npus;
  };
  kind.write = [](const std::map<int, double>& by_npus) {
    YamlTree tree = YamlTree::map();
    for (const auto& [npus, rate] : by_npus)
      tree.add(std::to_string(npus), YamlTree::word(fmt::format("{}", rate)));
    return tree;
  };
  kind.shape =
      kinds::shape_of_list(FieldShape::Form::Map, "a map by NPU count", kinds::number(1e-9, 1e15).shape);
  return kind;
}

template <class Constants>
const Constants& constants_of(const std::vector<std::pair<std::string, Constants>>& all,
                              std::string_view name, std::string_view what) {
  std::vector<std::string_view> names;
  for (const auto& [known, constants] : all) {
    if (known == name) return constants;
    names.emplace_back(known);
  }
  throw InputError(fmt::format("no fitted constants of {} '{}'{} (choices: {})", what, name,
                               did_you_mean(name, names), fmt::join(names, ", ")));
}

const Fields<FabricConstants>& fabric_constants_fields() {
  using C = FabricConstants;
  static const Fields<C> fields(
      "fabrics", "what is measured of one kind of links",
      required("efficiency", &C::efficiency, kinds::number(0.001, 2.0),
               "share of the bandwidth in a long collective"),
      required("latency_us", &C::latency_us, kinds::number(0.0, 1e5), "of one call"),
      required("step_us", &C::step_us, kinds::number(0.0, 1e4),
               "of one step of a ring, from one NPU to the next"),
      required("source", &C::source, kinds::text(), "the measurements they were fitted on"));
  return fields;
}

const Fields<MeasuredRates>& measured_fields() {
  using M = MeasuredRates;
  static const Fields<M> fields("measured", "what somebody measured of one model",
                                required("model", &M::model, kinds::text(), "its name"),
                                required("source", &M::source, kinds::text(), "where it is published"),
                                required("items_per_second", &M::items_per_second, rates(), "by NPU count"));
  return fields;
}

void check_dimensions(const Machine& machine) {
  const std::size_t count = machine.dimensions.size();
  if (count == 0 || count > max_dimensions) {
    throw InputError(fmt::format("expected 1 to {} dimensions", max_dimensions));
  }
  for (std::size_t d = 0; d + 1 < count; ++d) {
    if (machine.dimensions[d].npus > 0) continue;
    throw InputError(
        fmt::format("npus of dimension {} missing; only the outermost may be left to the job", d + 1));
  }
}

[[noreturn]] void reject_npus(const Machine& machine, std::int64_t npus, std::int64_t unit) {
  const std::int64_t below = std::max(unit, npus / unit * unit);
  throw InputError(fmt::format("{} NPUs do not fill the dimensions of {} (nearest counts that do: {}, {})",
                               npus, machine.name, below, below + unit));
}

// What a machine names stands in its file, and an error should say where.
void check_constants(const YamlValue& root, const Machine& machine, const Calibration& calibration) {
  const bool fabrics_known = std::all_of(machine.dimensions.begin(), machine.dimensions.end(),
                                         [&](const FabricDimension& dimension) {
                                           return is_known(calibration.fabrics, dimension.constants_name);
                                         });
  if (fabrics_known && is_known(calibration.npus, machine.npu.constants_name)) return;
  const auto check = [](const YamlValue& name, const auto& all, std::string_view what) {
    name.parsed("a name", [&](std::string_view word) { return &constants_of(all, word, what); });
  };
  check(npu_map(root.at("npu")).at("constants"), calibration.npus, "NPU kind");
  for (const YamlValue& dimension : root.at("dimensions").items()) {
    check(dimension.at("fabric"), calibration.fabrics, "fabric");
  }
}

}  // namespace

const Fields<FabricDimension>& fabric_dimension_fields() {
  using D = FabricDimension;
  static const Fields<D> fields(
      "dimensions", "one dimension of a machine's network",
      required("kind", &D::kind, kinds::row(dimension_kinds(), "dimension kind"), "how its NPUs are wired"),
      optional("npus", &D::npus, kinds::integer<int>(2, max_npus),
               "along it; left out of the outermost: the job's"),
      required("class", &D::price_class, kinds::text(), "row of the price list"),
      required("bandwidth", &D::gb_per_s, kinds::gb_per_s(), "that one NPU can send, one direction"),
      required("fabric", &D::constants_name, kinds::text(), "a kind of links of inputs/calibration.yaml"),
      optional("fitted", &D::own_constants, kinds::object(fabric_constants_fields()),
               "constants in place of those, as `bandwright calibrate` writes them"),
      derived("in_use", &D::constants, kinds::object(fabric_constants_fields()), "the constants"),
      optional("nccl", &D::software, software(), "NPU kernels copy the data, as NCCL does"),
      optional("group_share", &D::group_share, group_shares(),
               "of the bandwidth that a group of 2, 3 ... neighbours can use"),
      optional("part_share", &D::part_share, kinds::number(0.001, 1.0),
               "the same of a group that has some NPUs of each machine inside"));
  return fields;
}

double FabricDimension::share(int members) const {
  if (group_share.empty()) return 1.0;
  return group_share[std::min(static_cast<std::size_t>(members), group_share.size() - 1)];
}

const MeasuredRates* Machine::find_measured(std::string_view model) const {
  const auto found = std::find_if(measured.begin(), measured.end(), [&](const MeasuredRates& one) {
    return equal_ignoring_case(one.model, model);
  });
  return found == measured.end() ? nullptr : &*found;
}

Network Machine::network(std::int64_t npus) const {
  if (npus < 1 || npus > max_npus) {
    throw InputError(fmt::format("{} NPUs, expected 1 to {}", npus, max_npus));
  }
  Network network{.name = name};
  std::int64_t left = npus;
  std::int64_t unit = 1;
  for (const FabricDimension& fabric : dimensions) {
    if (left == 1) break;
    Dimension dimension{fabric.kind, fabric.npus, fabric.price_class};
    const auto extent = static_cast<std::int64_t>(dimension.npus);
    if (extent == 0 || left < extent) {
      dimension.npus = static_cast<int>(left);
    } else if (left % extent != 0) {
      reject_npus(*this, npus, unit * extent);
    }
    left /= dimension.npus;
    unit *= dimension.npus;
    network.dimensions.push_back(dimension);
  }
  if (left > 1) {
    throw InputError(fmt::format("{} NPUs, but {} has at most {}", npus, name, unit));
  }
  return network;
}

std::vector<double> Machine::gb_per_s(const Network& network) const {
  std::vector<double> result;
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) result.push_back(dimensions[d].gb_per_s);
  return result;
}

const Fields<Calibration>& calibration_fields() {
  static const Fields<Calibration> fields(
      "calibration", "the fitted constants", required("help", &Calibration::help, kinds::text(), "one line"),
      required("npus", &Calibration::npus, kinds::named(kinds::object(npu_constants_fields())),
               "by kind of NPU"),
      required("fabrics", &Calibration::fabrics, kinds::named(kinds::object(fabric_constants_fields())),
               "by kind of links"));
  return fields;
}

Calibration read_calibration(const YamlValue& root) { return calibration_fields().read(root); }

Calibration shipped_calibration() {
  static Kept<Calibration> kept;
  return *kept.get("",
                   [] { return read_calibration(YamlValue::load(inputs_folder() / "calibration.yaml")); });
}

const NpuConstants& npu_constants(const Calibration& calibration, std::string_view name) {
  return constants_of(calibration.npus, name, "NPU kind");
}

void calibrate(Machine& machine, const Calibration& calibration) {
  Npu& npu = machine.npu;
  npu.constants = npu.own_constants ? *npu.own_constants : npu_constants(calibration, npu.constants_name);
  for (FabricDimension& dimension : machine.dimensions) {
    const std::optional<FabricConstants>& own = dimension.own_constants;
    dimension.constants = own ? *own : constants_of(calibration.fabrics, dimension.constants_name, "fabric");
  }
}

const Fields<Machine>& machine_fields() {
  static const Fields<Machine> fields =
      Fields<Machine>(
          "machine", "an NPU and the network between many of it",
          required("name", &Machine::name, kinds::text(), "what lists and answers call it"),
          optional("help", &Machine::help, kinds::text(), "one line for lists"),
          required("npu", &Machine::npu, npu_or_name(), "its accelerator, by name or by its keys"),
          required("dimensions", &Machine::dimensions, kinds::list(kinds::object(fabric_dimension_fields())),
                   "the innermost first"),
          optional("measured", &Machine::measured, kinds::list(kinds::object(measured_fields())),
                   "rates to compare with"))
          .rule("dimensions", check_dimensions);
  return fields;
}

Machine read_machine(const YamlValue& root) { return machine_fields().read(root); }

Machine read_calibrated_machine(const YamlValue& root) {
  Machine machine = read_machine(root);
  const Calibration calibration = shipped_calibration();
  check_constants(root, machine, calibration);
  calibrate(machine, calibration);
  return machine;
}

Machine load_machine(std::string_view word) {
  static Kept<Machine> kept;
  return *kept.get(std::string(word), [&] {
    return read_calibrated_machine(YamlValue::load(input_file("machines", word, "machine")));
  });
}

}  // namespace bandwright
