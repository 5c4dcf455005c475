#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "report/page/assets.h"
#include "report/page/drawing.h"
#include "report/render.h"

namespace bandwright {
namespace {

std::string cell(std::string_view tag, const std::string& text, bool number,
                 std::string_view attributes = "") {
  return fmt::format("<{0}{1}{3}>{2}</{0}>", tag, number ? " class=\"number\"" : "", escaped_html(text),
                     attributes);
}

// A number's digits, for sorting and for the CSV, where a reader sees fewer.
std::string digits_of(const Value& value, const std::string& shown) {
  const std::string digits = value.number() ? plain(value) : "";
  return digits.empty() || digits == shown ? "" : fmt::format(" data-v=\"{}\"", digits);
}

// Parts as they stand on a page, and in a fragment of one, which has no script.
class HtmlParts {
 public:
  HtmlParts(std::string& html, bool whole_page) : html_(html), whole_page_(whole_page) {}

  void operator()(const Facts& facts) {
    std::string rows;
    for (const Fact& fact : facts.rows) {
      if (!is_for_people(fact)) continue;
      rows += "<tr>" + cell("th", label_of(fact), false) + cell("td", words_of(fact), false) + "</tr>\n";
    }
    if (rows.empty()) return;
    heading(facts.heading);
    html_ += "<div class=\"wide\"><table>\n" + rows + "</table></div>\n";
  }
  void operator()(const Table& table) {
    if (!is_for_people(table)) return;
    const std::vector<NumberStyle> styles = styles_of(table);
    heading(table.heading);
    html_ += fmt::format("<div class=\"wide\"><table{}>\n<thead>\n", whole_page_ ? name_of(table) : "");
    row(
        table, "th", [&](std::size_t c) { return heading_of(table.columns[c], styles[c]); },
        [&](std::size_t c) { return fmt::format(" data-key=\"{}\"", table.columns[c].key->name); });
    html_ += "</thead>\n<tbody>\n";
    for (const auto& values : table.rows) {
      const auto shown = [&](std::size_t c) { return cell_of(values[c], styles[c]); };
      row(table, "td", shown, [&](std::size_t c) { return digits_of(values[c], shown(c)); });
    }
    html_ += "</tbody>\n";
    if (!table.total.empty()) {
      html_ += "<tfoot>\n";
      row(
          table, "td",
          [&](std::size_t c) {
            return table.total[c].is_nothing() ? std::string() : cell_of(table.total[c], styles[c]);
          },
          [](std::size_t) { return ""; });
      html_ += "</tfoot>\n";
    }
    html_ += "</table></div>\n";
  }
  void operator()(const List& list) {
    if (list.items.empty()) return;
    heading(list.heading);
    html_ += list.commands ? "<pre>" : "<ul>\n";
    for (const std::string& item : list.items) {
      html_ += list.commands ? escaped_html(item) + "\n" : fmt::format("<li>{}</li>\n", escaped_html(item));
    }
    html_ += list.commands ? "</pre>\n" : "</ul>\n";
  }
  void operator()(const Chart& chart) {
    html_ += "<div class=\"chart\">\n";
    heading(chart.caption.empty() ? chart.name : chart.name + ": " + chart.caption);
    html_ += chart_html(chart, whole_page_);
    if (!chart.command.empty()) {
      html_ += fmt::format("<p>For print: <code>{}</code></p>\n", escaped_html(chart.command));
    }
    html_ += "</div>\n";
  }

  [[nodiscard]] const std::vector<std::string>& headings() const { return headings_; }
  void heading(const std::string& text) {
    if (text.empty()) return;
    headings_.push_back(text);
    const std::string place = whole_page_ ? fmt::format(" id=\"part-{}\"", headings_.size()) : "";
    html_ += fmt::format("<h2{}>{}</h2>\n", place, escaped_html(text));
  }

 private:
  template <class Text, class Attributes>
  void row(const Table& table, std::string_view tag, const Text& text, const Attributes& attributes) {
    html_ += "<tr>";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].shown == Shown::ToPrograms) continue;
      html_ += cell(tag, text(c), table.columns[c].key->unit != Unit::Word,
                    whole_page_ ? std::string(attributes(c)) : std::string());
    }
    html_ += "</tr>\n";
  }
  // What a file of the table is called.
  std::string name_of(const Table& table) {
    std::string name = table.key != nullptr ? std::string(table.key->name) : "table";
    const int before = files_[name]++;
    if (before > 0) name += fmt::format("-{}", before + 1);
    return fmt::format(" data-name=\"{}\"", name);
  }

  std::string& html_;
  bool whole_page_;
  std::vector<std::string> headings_;
  std::map<std::string, int> files_;
};

// Every key whose label a reader meets, with what it means.
class Words {
 public:
  void operator()(const Facts& facts) {
    for (const Fact& fact : facts.rows) {
      if (fact.key != nullptr && is_for_people(fact)) see(*fact.key, fact.label);
    }
  }
  void operator()(const Table& table) {
    if (!is_for_people(table)) return;
    for (const Table::Column& column : table.columns) {
      if (column.shown != Shown::ToPrograms) see(*column.key, column.heading);
    }
  }
  void operator()(const List& /*list*/) {}
  void operator()(const Chart& /*chart*/) {}

  [[nodiscard]] std::string html() const {
    if (words_.empty()) return "";
    std::string list;
    for (const auto& [word, help] : words_) {
      list += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped_html(word), escaped_html(help));
    }
    return "<details id=\"words\">\n<summary>What the words mean</summary>\n<dl>\n" + list +
           "</dl>\n</details>\n";
  }

 private:
  void see(const Key& key, const std::string& label) {
    const std::string word = !label.empty() ? label : std::string(key.label.empty() ? key.name : key.label);
    if (!key.help.empty()) words_.emplace(word, key.help);
  }
  std::map<std::string, std::string> words_;
};

// Places on the page, where there are enough to look for them.
std::string contents(const std::vector<std::string>& headings) {
  constexpr std::size_t few = 3;
  if (headings.size() <= few) return "";
  std::string items;
  for (std::size_t i = 0; i < headings.size(); ++i) {
    items += fmt::format("<li><a href=\"#part-{}\">{}</a></li>\n", i + 1, escaped_html(headings[i]));
  }
  return "<nav aria-label=\"Contents\">\n<ul>\n" + items + "</ul>\n</nav>\n";
}

std::string_view mood_name(Verdict::Mood mood) {
  if (mood == Verdict::Mood::Good) return " good";
  return mood == Verdict::Mood::Bad ? " bad" : "";
}

}  // namespace

std::string escaped_html(std::string_view text) {
  std::string html;
  for (const char c : without_controls(text)) {
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
    } else {
      html += c;
    }
  }
  return html;
}

namespace {

// Title, verdict, and all parts; what comes between the verdict and the parts is handed the headings.
std::string body_of(const Document& document, bool whole_page) {
  if (const std::string fault = fault_of(document); !fault.empty()) throw InputError("the answer: " + fault);
  std::string body = fmt::format("<h1>{}</h1>\n", escaped_html(document.title));
  if (!document.verdict.text.empty()) {
    body += fmt::format("<p class=\"verdict{}\">{}</p>\n", mood_name(document.verdict.mood),
                        escaped_html(document.verdict.text));
  }
  std::string parts;
  HtmlParts add{parts, whole_page};
  for (const Part& part : document.parts) std::visit(add, part);
  if (!document.notes.empty()) add(List::of("notes", "Notes", document.notes));
  if (whole_page) body += contents(add.headings());
  return body + parts;
}

bool has_charts(const Document& document) {
  return std::any_of(document.parts.begin(), document.parts.end(),
                     [](const Part& part) { return std::holds_alternative<Chart>(part); });
}

// Where the answer comes from.
std::string footer(const Document& document) {
  std::string lines;
  for (const Fact& fact : document.origin.rows) {
    lines += fmt::format("<p>{}: <code>{}</code></p>\n", escaped_html(fact.label), escaped_html(fact.words));
  }
  return lines.empty() ? "" : "<footer>\n" + lines + "</footer>\n";
}

std::string script(std::string_view text) {
  return text.empty() ? "" : fmt::format("<script>\n{}\n</script>\n", text);
}

}  // namespace

std::string html_fragment(const Document& document) { return body_of(document, false); }

std::string render_html(const Document& document, const TextStyle& /*style*/) {
  const bool charts = has_charts(document);
  Words words;
  for (const Part& part : document.parts) std::visit(words, part);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; img-src data:\">\n<title>{}</title>\n<style>\n",
      escaped_html(document.title));
  page += page_style();
  if (charts) page += chart_style();
  page += "</style>\n</head>\n<body>\n" + body_of(document, true) + words.html() + footer(document);
  if (charts) page += script(chart_script());
  return page + script(page_script()) + "</body>\n</html>\n";
}

}  // namespace bandwright
