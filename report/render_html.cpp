#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "report/render.h"

namespace bandwright {
namespace {

constexpr std::string_view page_style = R"(
:root { color-scheme: light dark; --ink: #1d2433; --paper: #fff; --line: #d5dae3; --tint: #f3f5f9; --good: #0b6b35; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --paper: #14171f; --line: #39404f; --tint: #1f2430; --good: #6fd69a; --bad: #ff9d94; } }
body { font: 16px/1.5 library-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
.verdict { font-size: 1.15rem; font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); }
li { margin: .4rem 0; max-width: 60rem; }
figure { margin: 1rem 0; } figure img { width: 100%; height: auto; background: #fff; }
pre, code { background: var(--tint); border-radius: 3px; padding: .1rem .3rem; overflow-wrap: anywhere; white-space: pre-wrap; }
pre { padding: .6rem .8rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; margin: .5rem 0; }
th, td { padding: .25rem .7rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
)";

std::string cell(std::string_view tag, const std::string& text, bool number) {
  return fmt::format("<{0}{1}>{2}</{0}>", tag, number ? " class=\"number\"" : "", escaped_html(text));
}

std::string heading(const std::string& text) {
  return text.empty() ? "" : fmt::format("<h2>{}</h2>\n", escaped_html(text));
}

struct HtmlParts {
  std::string& html;

  void operator()(const Facts& facts) const {
    std::string rows;
    for (const Fact& fact : facts.rows) {
      if (fact.shown == Shown::ToPrograms || (fact.words.empty() && fact.value.is_nothing())) continue;
      const std::string label =
          !fact.label.empty() || fact.key == nullptr ? fact.label : std::string(fact.key->label);
      rows += "<tr>" + cell("th", label, false) +
              cell("td", fact.words.empty() ? spoken(fact.value, fact.key->unit) : fact.words, false) +
              "</tr>\n";
    }
    if (!rows.empty())
      html += heading(facts.heading) + "<div class=\"wide\"><table>\n" + rows + "</table></div>\n";
  }
  void operator()(const Table& table) const {
    if (table.shown == Shown::ToPrograms || table.rows.empty()) return;
    const std::vector<NumberStyle> styles = styles_of(table);
    html += heading(table.heading) + "<div class=\"wide\"><table>\n";
    row(table, "th", [&](std::size_t c) { return heading_of(table.columns[c], styles[c]); });
    for (const auto& values : table.rows) {
      row(table, "td", [&](std::size_t c) { return cell_of(values[c], styles[c]); });
    }
    if (!table.total.empty()) {
      row(table, "td", [&](std::size_t c) {
        return table.total[c].is_nothing() ? std::string() : cell_of(table.total[c], styles[c]);
      });
    }
    html += "</table></div>\n";
  }
  void operator()(const List& list) const {
    if (list.items.empty()) return;
    html += heading(list.heading) + (list.commands ? "<pre>" : "<ul>\n");
    for (const std::string& item : list.items) {
      html += list.commands ? escaped_html(item) + "\n" : fmt::format("<li>{}</li>\n", escaped_html(item));
    }
    html += list.commands ? "</pre>\n" : "</ul>\n";
  }
  void operator()(const Picture& picture) const {
    html += fmt::format(
        "<h2>{0}: {1}</h2>\n<figure><img alt=\"{0}: {1}\" src=\"data:image/png;base64,{2}\">\n"
        "<figcaption>Draw it again: <code>{3}</code></figcaption></figure>\n",
        escaped_html(picture.name), escaped_html(picture.caption), base64(picture.png),
        escaped_html(picture.command));
  }

 private:
  template <class Text>
  void row(const Table& table, std::string_view tag, const Text& text) const {
    html += "<tr>";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].shown == Shown::ToPrograms) continue;
      html += cell(tag, text(c), table.columns[c].key->unit != Unit::Word);
    }
    html += "</tr>\n";
  }
};

std::string_view mood_name(Verdict::Mood mood) {
  if (mood == Verdict::Mood::Good) return " good";
  return mood == Verdict::Mood::Bad ? " bad" : "";
}

}  // namespace

std::string escaped_html(std::string_view text) {
  std::string html;
  for (const char c : text) {
    if (c == '<') {
      html += "&lt;";
    } else if (c == '>') {
      html += "&gt;";
    } else if (c == '&') {
      html += "&amp;";
    } else if (c == '"') {
      html += "&quot;";
    } else if (c == '\'') {
      html += "&#39;";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      html += '?';
    } else {
      html += c;
    }
  }
  return html;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<std::uint8_t>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) text += j <= count ? digits[group >> (18 - 6 * j) & 63U] : '=';
  }
  return text;
}

std::string html_fragment(const Document& document) {
  if (const std::string fault = fault_of(document); !fault.empty()) throw InputError("the answer: " + fault);
  std::string body = fmt::format("<h1>{}</h1>\n", escaped_html(document.title));
  if (!document.verdict.text.empty()) {
    body += fmt::format("<p class=\"verdict{}\">{}</p>\n", mood_name(document.verdict.mood),
                        escaped_html(document.verdict.text));
  }
  const HtmlParts add{body};
  for (const Part& part : document.parts) std::visit(add, part);
  if (!document.notes.empty()) add(List::of("notes", "Notes", document.notes));
  return body;
}

std::string render_html(const Document& document, const TextStyle& /*style*/) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n{2}</body>\n</html>\n",
      escaped_html(document.title), page_style, html_fragment(document));
}

}  // namespace bandwright
