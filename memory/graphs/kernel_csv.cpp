#include "memory/graphs/kernel_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/io/csv.h"
#include "core/text.h"

namespace bandwright {
namespace {

enum Column { Node, Name, OpName, Inputs, Outputs, InputBytes, OutputBytes, Config, TimeUs };
constexpr std::size_t column_count = TimeUs + 1;
constexpr std::array<std::string_view, column_count> column_names = {
    "node", "name", "op", "inputs", "outputs", "input_bytes", "output_bytes", "config", "time_us"};
constexpr std::array<bool, column_count> optional_column = {true,  false, true,  false, false,
                                                            false, false, false, false};

// The position of each column, -1 where an optional one is missing.
std::array<int, column_count> find_columns(const CsvHeader& header) {
  std::array<int, column_count> position{};
  position.fill(-1);
  for (std::size_t i = 0; i < header.names.size(); ++i) {
    const std::string_view cell = header.names[i];
    const std::string_view name = trimmed(cell.substr(0, cell.find('(')));
    const auto* const found = std::find(column_names.begin(), column_names.end(), name);
    if (found != column_names.end()) position[found - column_names.begin()] = static_cast<int>(i);
  }
  for (std::size_t c = 0; c < column_count; ++c) {
    if (position[c] >= 0 || optional_column[c]) continue;
    throw InputError(Place{header.file, header.line, {}},
                     fmt::format("column '{}'{} is missing, expected {}", column_names[c],
                                 c == Config ? " (the memory of each input and output)" : "",
                                 fmt::join(column_names, ",")));
  }
  return position;
}

// One argument of one line.
struct Cell {
  std::string tensor;
  Bytes bytes;
  bool slow = false;
};

// One line of the file.
struct Row {
  Place place;
  std::string node, name, op;
  std::vector<Cell> inputs, outputs;
  double ns = 0.0;
};

std::vector<Cell> read_arguments(const Place& place, std::string_view what, std::string_view names,
                                 std::string_view sizes, std::string_view letters) {
  const std::vector<std::string_view> name =
      names.empty() ? std::vector<std::string_view>() : split(names, ';');
  const std::vector<std::string_view> size =
      sizes.empty() ? std::vector<std::string_view>() : split(sizes, ';');
  if (name.size() != size.size() || name.size() != letters.size()) {
    throw InputError(place, fmt::format("{} {}s, {} sizes and {} letters of config '{}'", name.size(), what,
                                        size.size(), letters.size(), letters));
  }
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (std::string_view("DFPS").find(letters[i]) == std::string_view::npos) {
      throw InputError(place,
                       fmt::format("config letter '{}', expected D or F (fast), P or S (slow)", letters[i]));
    }
    cells.push_back({.tensor = std::string(name[i]),
                     .bytes = bytes(parse_integer(size[i], 0, std::int64_t{1} << 50)),
                     .slow = letters[i] == 'P' || letters[i] == 'S'});
  }
  return cells;
}

Row read_row(const std::vector<std::string>& cells, const std::array<int, column_count>& position,
             const Place& place) {
  const auto cell = [&](Column c) {
    return position[c] < 0 ? std::string_view() : std::string_view(cells[position[c]]);
  };
  const std::vector<std::string_view> config = split(cell(Config), '|');
  if (config.size() != 2) {
    throw InputError(place, fmt::format("config '{}' is not of the form inputs|outputs", cell(Config)));
  }
  Row row{.place = place,
          .node = std::string(position[Node] < 0 ? cell(Name) : cell(Node)),
          .name = std::string(cell(Name)),
          .op = std::string(cell(OpName))};
  row.place.key = row.name;
  return placed(row.place, [&] {
    row.inputs = read_arguments(row.place, "input", cell(Inputs), cell(InputBytes), config[0]);
    row.outputs = read_arguments(row.place, "output", cell(Outputs), cell(OutputBytes), config[1]);
    row.ns = parse_number(cell(TimeUs), 0.0, 1e12) * 1e3;
    return row;
  });
}

std::vector<Row> read_rows(std::string_view text, const std::string& file_name) {
  const CsvTable table = parse_csv(text, file_name, '#');
  if (table.header->names.empty()) throw InputError({file_name, 0, {}}, "holds no kernels");
  const std::array<int, column_count> position = find_columns(*table.header);
  if (table.rows.empty()) throw InputError({file_name, 0, {}}, "holds no kernels");
  std::vector<Row> rows;
  for (const CsvRow& row : table.rows) rows.push_back(read_row(row.fields(), position, row.place()));
  return rows;
}

class TableBuilder {
 public:
  explicit TableBuilder(const std::vector<Row>& rows) {
    graph_.measured = true;
    for (const Row& row : rows) {
      for (const Cell& cell : row.outputs) {
        if (cell.tensor != "fixed") written_.insert(cell.tensor);
      }
    }
    for (const Row& row : rows) add(row);
  }
  TrainingGraph take() && { return std::move(graph_); }

 private:
  void add(const Row& row) {
    const auto [known, is_new] = kernels_.try_emplace(row.node, graph_.kernels.size());
    std::vector<int> arguments;
    std::uint32_t slow = 0;
    bool applies = true;
    collect(row, row.inputs, arguments, slow, applies);
    const int outputs_from = static_cast<int>(arguments.size());
    collect(row, row.outputs, arguments, slow, applies);
    if (is_new) {
      graph_.kernels.push_back(
          {.name = row.name, .op = row.op, .arguments = arguments, .outputs_from = outputs_from});
    }
    Kernel& kernel = graph_.kernels[known->second];
    if (kernel.arguments != arguments || kernel.name != row.name) {
      throw InputError(row.place,
                       "differs in name, inputs or outputs from an earlier line of the same kernel");
    }
    if (applies) add_configuration(known->second, slow, row.ns);
  }

  // Appends the movable tensors of `cells`; a configuration does not apply when it has a tensor in two places
  // or one that stays in fast memory in the slow one.
  void collect(const Row& row, const std::vector<Cell>& cells, std::vector<int>& arguments,
               std::uint32_t& slow, bool& applies) {
    for (const Cell& cell : cells) {
      if (!written_.contains(cell.tensor)) {
        applies = applies && !cell.slow;
        continue;
      }
      const int tensor = tensor_of(row, cell);
      const auto earlier = std::find(arguments.begin(), arguments.end(), tensor);
      const auto index = earlier - arguments.begin();
      if (earlier == arguments.end()) {
        if (arguments.size() == most_arguments) throw InputError(row.place, "more than 32 tensors");
        arguments.push_back(tensor);
        if (cell.slow) slow |= std::uint32_t{1} << index;
      } else if (((slow >> index & 1U) != 0) != cell.slow) {
        applies = false;
      }
    }
  }

  int tensor_of(const Row& row, const Cell& cell) {
    const auto [known, is_new] = tensors_.try_emplace(cell.tensor, static_cast<int>(graph_.tensors.size()));
    if (is_new) graph_.tensors.push_back({cell.tensor, cell.bytes});
    const Bytes before = graph_.tensors[known->second].bytes;
    if (before != cell.bytes) {
      throw InputError(row.place, fmt::format("tensor '{}' has {} bytes here and {} in an earlier line",
                                              cell.tensor, cell.bytes.value(), before.value()));
    }
    return known->second;
  }

  void add_configuration(std::size_t index, std::uint32_t slow, double ns) {
    std::vector<Configuration>& measured = graph_.kernels[index].measured;
    const auto [known, is_new] = configurations_.try_emplace({index, slow}, measured.size());
    if (is_new) {
      measured.push_back({slow, ns});
    } else {
      measured[known->second].ns = std::min(measured[known->second].ns, ns);
    }
  }

  TrainingGraph graph_;
  std::set<std::string> written_;
  std::map<std::string, std::size_t> kernels_;
  std::map<std::string, int> tensors_;
  std::map<std::pair<std::size_t, std::uint32_t>, std::size_t>
      configurations_;  // of a kernel, in its `measured`
};

}  // namespace

TrainingGraph parse_kernel_csv(std::string_view text, const std::string& file_name) {
  TrainingGraph graph = TableBuilder(read_rows(text, file_name)).take();
  for (Kernel& kernel : graph.kernels) {
    if (kernel.measured.empty()) {
      throw InputError({file_name, 0, kernel.name},
                       "has no configuration with its fixed tensors in fast memory");
    }
    kernel.fast_ns = kernel.ns(0);
  }
  placed(Place{file_name}, [&] { sort_and_check(graph); });
  return graph;
}

TrainingGraph load_kernel_csv(const std::filesystem::path& file) {
  TrainingGraph graph = parse_kernel_csv(read_text_file(file), file.string());
  graph.name = file.stem().string();
  return graph;
}

double linear_model_error(const TrainingGraph& measured, const TierPair& tiers) {
  std::vector<double> errors;
  for (const Kernel& kernel : measured.kernels) {
    for (const Configuration& c : kernel.measured) {
      if (c.slow == 0 || c.ns == 0.0 || kernel.fast_ns == never) continue;
      double linear = kernel.fast_ns;
      for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
        if ((c.slow >> a & 1U) == 0) continue;
        const double size = to_double(measured.tensors[kernel.arguments[a]].bytes);
        linear += size / (kernel.writes(a) ? tiers.slow.write : tiers.slow.read).value();
      }
      errors.push_back(std::abs(linear / c.ns - 1.0));
    }
  }
  if (errors.empty()) return 0.0;
  const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
  std::nth_element(errors.begin(), middle, errors.end());
  return *middle;
}

}  // namespace bandwright
