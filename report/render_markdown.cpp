#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "report/render.h"

namespace bandwright {
namespace {

// In one line, with nothing that means something to Markdown or to the HTML in it.
std::string escaped_markdown(std::string_view text) {
  std::string escaped;
  for (const std::string& line : wrapped(text, std::string_view::npos)) {
    if (!escaped.empty()) escaped += ' ';
    for (const char c : line) {
      if (std::string_view("\\`*_[]<>|#$~&").find(c) != std::string_view::npos) escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

// CommonMark with GitHub's tables.
class MarkdownPage {
 public:
  void line(std::string_view text) { text_ += fmt::format("{}\n", text); }
  void gap() {
    if (!text_.empty() && !text_.ends_with("\n\n")) text_ += '\n';
  }
  void heading(const std::string& text) {
    if (text.empty()) return;
    line(fmt::format("**{}**", escaped_markdown(text)));
    gap();
  }
  void row(const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) text += fmt::format(" {} |", escaped_markdown(cell));
    line(text);
  }
  void begin_table(const std::vector<std::string>& headings, const std::vector<bool>& left_aligned) {
    row(headings);
    std::string rule = "|";
    for (const bool is_left : left_aligned) rule += is_left ? " --- |" : " ---: |";
    line(rule);
  }

  void operator()(const Facts& facts) {
    if (std::none_of(facts.rows.begin(), facts.rows.end(),
                     [](const Fact& fact) { return is_for_people(fact); }))
      return;
    gap();
    heading(facts.heading);
    begin_table({"", ""}, {true, true});
    for (const Fact& fact : facts.rows) {
      if (is_for_people(fact)) row({label_of(fact), words_of(fact)});
    }
  }
  void operator()(const Table& table) {
    if (!is_for_people(table)) return;
    gap();
    heading(table.heading);
    const TextGrid grid = grid_of(table);
    begin_table(grid.headings, grid.left);
    for (const auto& cells : grid.rows) row(cells);
  }
  void operator()(const List& list) {
    if (list.items.empty()) return;
    gap();
    heading(list.heading);
    for (const std::string& item : list.items) line(fmt::format("- {}", escaped_markdown(item)));
  }
  void operator()(const Chart& /*chart*/) {}
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string render_markdown(const Document& document, const TextStyle& /*style*/) {
  if (const std::string fault = fault_of(document); !fault.empty()) throw InputError("the answer: " + fault);
  MarkdownPage page;
  page.heading(document.title);
  if (!document.verdict.text.empty()) page.line(escaped_markdown(document.verdict.text));
  for (const Part& part : document.parts) std::visit(page, part);
  for (const std::string& note : document.notes) {
    page.gap();
    page.line("> " + escaped_markdown(note));
  }
  return page.take();
}

}  // namespace bandwright
