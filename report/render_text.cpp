#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "report/layout.h"
#include "report/render.h"

namespace bandwright {
namespace {

constexpr std::string_view bold = "\033[1m";
constexpr std::string_view good = "\033[1;32m";
constexpr std::string_view bad = "\033[1;31m";
constexpr std::string_view plain_again = "\033[0m";
constexpr std::size_t widest_label = 22;

class TextPage {
 public:
  explicit TextPage(const TextStyle& style) : style_(style) {}

  void line(std::string_view text, std::string_view look = {}) {
    for (const std::string& each : wrapped(text, style_.width)) put(each, look);
  }
  void gap() {
    if (!text_.empty() && !text_.ends_with("\n\n")) text_ += '\n';
  }

  void operator()(const Facts& facts) {
    if (std::none_of(facts.rows.begin(), facts.rows.end(),
                     [](const Fact& fact) { return is_for_people(fact); }))
      return;
    gap();
    if (!facts.heading.empty()) line(facts.heading, bold);
    std::size_t labels = 0;
    for (const Fact& fact : facts.rows) {
      if (is_for_people(fact)) labels = std::max(labels, width_of(label_of(fact)));
    }
    labels = std::min(labels, widest_label);
    for (const Fact& fact : facts.rows) {
      if (is_for_people(fact)) labelled(label_of(fact), words_of(fact), labels);
    }
  }
  void operator()(const Table& table) {
    if (!is_for_people(table)) return;
    gap();
    if (!table.heading.empty()) line(table.heading, bold);
    bool first = true;
    for (const auto& block : laid_out(grid_of(table), style_.width)) {
      if (!first) gap();
      first = false;
      for (std::size_t i = 0; i < block.size(); ++i) put(block[i], i == 0 ? bold : std::string_view());
    }
  }
  void operator()(const List& list) {
    if (list.items.empty()) return;
    gap();
    if (!list.heading.empty()) line(list.heading, bold);
    for (const std::string& item : list.items) {
      if (list.commands) {
        for (const std::string& each : continued(without_controls(item), style_.width - 2))
          put("  " + each, {});
      } else {
        hanging("- ", item);
      }
    }
  }
  void operator()(const Chart& /*chart*/) {}

  void hanging(const std::string& mark, std::string_view text) {
    const std::size_t indent = width_of(mark);
    std::string before = mark;
    for (const std::string& each : wrapped(text, style_.width - std::min(style_.width / 2, indent))) {
      put(before + each, {});
      before = std::string(indent, ' ');
    }
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void put(std::string_view text, std::string_view look) {
    if (style_.ansi && !look.empty() && !text.empty()) {
      text_ += look;
      text_ += text;
      text_ += plain_again;
    } else {
      text_ += text;
    }
    text_ += '\n';
  }
  void labelled(const std::string& name, const std::string& words, std::size_t labels) {
    if (name.empty()) return line(words);
    const std::string label = printable(name);  // a model's, that somebody chose
    if (width_of(label) > style_.width / 2) {
      line(label);
      return hanging("    ", words);
    }
    hanging(label + std::string(labels - std::min(labels, width_of(label)) + 2, ' '), words);
  }
  TextStyle style_;
  std::string text_;
};

std::string_view look_of(Verdict::Mood mood) {
  if (mood == Verdict::Mood::Good) return good;
  return mood == Verdict::Mood::Bad ? bad : bold;
}

}  // namespace

std::string render_text(const Document& document, const TextStyle& style) {
  if (const std::string fault = fault_of(document); !fault.empty()) throw InputError("the answer: " + fault);
  TextPage page(style);
  if (!document.title.empty()) page.line(document.title, bold);
  if (!document.verdict.text.empty()) page.line(document.verdict.text, look_of(document.verdict.mood));
  for (const Part& part : document.parts) std::visit(page, part);
  if (!document.notes.empty()) page.gap();
  for (const std::string& note : document.notes) page.hanging("note: ", note);
  return page.take();
}

}  // namespace bandwright
