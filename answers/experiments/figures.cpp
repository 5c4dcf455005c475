#include "answers/experiments/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <vector>

#include "core/catalogue.h"
#include "core/error.h"
#include "core/io/files.h"
#include "core/io/paths.h"
#include "core/io/process.h"
#include "core/io/tell.h"
#include "core/parse_option.h"
#include "report/render.h"

namespace bandwright {
namespace {

constexpr std::array catalogue = {
    Figure{"fig12", "speedup over EqualBW of the 2D network, by budget", "results.csv"},
    Figure{"fig13", "network cost, by budget", "results.csv"},
    Figure{"fig14", "performance per cost over EqualBW of the 2D network, by budget", "results.csv"},
    Figure{"fig15", "slowdown on networks that were made for another model, or for all", "results.csv"},
    Figure{"steps", "step time of each job on machines; hatched where it does not fit", "results.csv"},
    Figure{"prices", "what the best performance per cost gains under each price list", "results.csv"},
    Figure{"pareto", "step time against network cost, above what is proved to be impossible", "results.csv"},
    Figure{"convergence", "how the optimizer closes the gap to its proof", "convergence.csv"},
    Figure{"utilization", "how busy each dimension is, by allocation", "results.csv"}};

// A Python that has matplotlib: $BANDWRIGHT_PYTHON alone when it is set, else the system's, else the PATH's.
std::string find_python() {
  std::vector<std::string> candidates = {"/usr/bin/python3", "python3"};
  const char* variable = std::getenv("BANDWRIGHT_PYTHON");
  if (variable != nullptr && *variable != '\0') candidates = {variable};
  for (const std::string& candidate : candidates) {
    const ProcessResult tried = run_process({.command = {candidate, "-c", "import matplotlib"}});
    if (tried.end == ProcessEnd::Succeeded) return candidate;
  }
  throw InputError(
      fmt::format("no Python with matplotlib ({}): install Debian's python3-matplotlib, or set "
                  "BANDWRIGHT_PYTHON to one that has it",
                  fmt::join(candidates, ", ")));
}

Drawn run_script(std::string_view name, const std::filesystem::path& from,
                 const std::filesystem::path& target, const std::vector<std::string>& options = {},
                 bool svg = false) {
  static const std::string python = find_python();
  const std::string script = (plots_folder() / fmt::format("{}.py", name)).string();
  // -B: no compiled scripts beside the installed ones.
  std::vector<std::string> words = {python, "-B", script, from.string(), target.string()};
  words.insert(words.end(), options.begin(), options.end());
  const ProcessResult result =
      run_process({.command = words, .environment = {{"BANDWRIGHT_SVG", svg ? "1" : ""}}});
  const bool ended = result.end == ProcessEnd::Succeeded || result.end == ProcessEnd::Exited;
  const int status = ended ? result.code : -1;
  if (status != 0 && status != 2 && status != 3) {
    tell("bandwright: {} failed: {}\n", script, result.describe());
    return Drawn::Failed;
  }
  if (status == 3) tell("{}: ", name);  // which of many it is that there is nothing of
  tell_text(result.output);
  return status == 0 ? Drawn::Yes : status == 2 ? Drawn::BadInput : Drawn::DoesNotApply;
}

std::vector<std::string> options_of(const Slice& slice) {
  std::vector<std::string> options;
  if (!slice.view.empty()) options.insert(options.end(), {"--view", slice.view});
  if (!slice.loop.empty()) options.insert(options.end(), {"--loop", slice.loop});
  return options;
}

// In us, as timelines have it.
std::vector<std::string> options_of(const Stretch& stretch) {
  std::vector<std::string> options;
  for (const auto& [name, time] : {std::pair("--from", stretch.from), std::pair("--to", stretch.to)}) {
    if (time.empty()) continue;
    options.insert(options.end(), {name, fmt::to_string(to_us(parse_option(name, time, parse_time)))});
  }
  return options;
}

}  // namespace

std::span<const Figure> figures() { return catalogue; }

std::string file_stem(const Figure& figure, const Slice& slice) {
  std::string stem(figure.name);
  for (const std::string& part : {slice.view, slice.loop}) {
    if (!part.empty()) stem += "-" + part;
  }
  return stem;
}

Drawn draw(const Figure& figure, const ExperimentFolder& folder, const Slice& slice) {
  make_folder(folder.graphs());
  return run_script(figure.name, folder.csv().parent_path() / figure.csv,
                    folder.graphs() / file_stem(figure, slice), options_of(slice), slice.svg);
}

Drawn draw_timeline(const std::filesystem::path& trace, const std::filesystem::path& target,
                    const Stretch& stretch) {
  return run_script("timeline", trace, target, options_of(stretch), stretch.svg);
}

namespace {

bool usual_in_names(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
}

// FNV-1a.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

std::string picture_name(const std::string& word, std::string otherwise) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_regular_file(word, error)) return otherwise;
  const fs::path whole = fs::weakly_canonical(word, error);
  fs::path shown = whole.lexically_relative(fs::current_path(error));
  const bool elsewhere = shown.empty() || *shown.begin() == "..";
  if (elsewhere) shown = whole.relative_path();
  const bool usual = shown.extension() == ".csv" || shown.extension() == ".yaml";
  if (usual) shown.replace_extension();
  std::string name;
  bool unclear = elsewhere || !usual;
  for (const fs::path& part : shown) {
    const std::string text = part.string();
    unclear = unclear || text.front() == '_' || text.back() == '_' || text.find("__") != std::string::npos ||
              !std::all_of(text.begin(), text.end(), usual_in_names);
    name += (name.empty() ? "" : "__") + text;
  }
  return unclear ? fmt::format("{}-{:08x}", name, hash_of(whole.string())) : name;
}

Drawn draw_answer(std::string_view script, std::string_view of, const Document& answer,
                  const std::filesystem::path& folder) {
  make_folder(folder);
  std::string stem = std::string(script) + "-" + std::string(of);
  for (char& c : stem) {
    if (!usual_in_names(c)) c = '-';
  }
  const std::filesystem::path target = folder / stem;
  const std::string table = target.string() + ".csv";
  write_whole(table, render_csv(answer));
  const Drawn drawn = run_script(script, table, target);
  if (drawn == Drawn::Yes) tell("drawn: {}.png\n", target.string());
  return drawn;
}

DrawnFigures draw_figures(const ExperimentFolder& folder, const std::vector<std::string>& names,
                          const Slice& slice) {
  std::vector<const Figure*> chosen;
  for (const std::string& name : names) chosen.push_back(&find_in_catalogue(figures(), name, "figure"));
  for (const Figure& figure : figures()) {
    if (names.empty()) chosen.push_back(&figure);
  }
  static_cast<void>(folder.read());  // the figures read what the store says
  DrawnFigures drawn{{.title = fmt::format("Figures of {}", folder.name())}};
  drawn.document.data("experiment", folder.name());
  Table table = Table::of("figures");
  table.column("figure", "", Shown::ToPrograms).column("file").column("help", "", Shown::ToPrograms).main =
      true;
  for (const Figure* figure : chosen) {
    const Drawn one = draw(*figure, folder, slice);
    drawn.worst = std::max(drawn.worst, one);
    if (one == Drawn::BadInput) break;
    const std::string file = (folder.graphs() / file_stem(*figure, slice)).string() + ".png";
    if (one == Drawn::Yes) table.rows.push_back({figure->name, file, figure->help});
  }
  drawn.document.add(std::move(table));
  return drawn;
}

namespace {

// "-1s-2s" of a part of a timeline.
std::string stretch_words(const Stretch& stretch) {
  if (stretch.from.empty() && stretch.to.empty()) return "";
  std::string words = fmt::format("-{}-{}", stretch.from.empty() ? "0" : stretch.from,
                                  stretch.to.empty() ? "end" : stretch.to);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c == ' ' || c == '/'; }, '_');
  return words;
}

}  // namespace

DrawnFigures draw_timelines(const std::vector<std::string>& traces, const Stretch& stretch) {
  DrawnFigures drawn{{.title = "Timelines"}};
  Table table = Table::of("figures");
  table.column("file").main = true;
  for (const std::string& trace : traces) {
    std::filesystem::path target = trace;
    if (target.extension() == ".gz") target.replace_extension();
    target.replace_extension();
    target += stretch_words(stretch);  // a part does not overwrite the whole
    drawn.worst = draw_timeline(trace, target, stretch);
    if (drawn.worst != Drawn::Yes) break;
    table.rows.push_back({target.string() + ".png"});
  }
  drawn.document.add(std::move(table));
  return drawn;
}

}  // namespace bandwright
