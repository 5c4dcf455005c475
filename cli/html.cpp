#include "cli/html.h"

#include <fmt/format.h>

#include <cstdint>

namespace bandwright {
namespace {

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '&':
        html += "&amp;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

constexpr std::string_view look = R"(
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
li { margin: .4rem 0; max-width: 60rem; }
figure { margin: 1rem 0; } figure img { width: 100%; height: auto; }
pre, code { background: #f3f3f3; border-radius: 3px; padding: .1rem .3rem; } pre { padding: .6rem .8rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
)";

std::string cells(const std::vector<std::string>& row, std::string_view tag) {
  std::string html = "<tr>";
  for (const std::string& cell : row) html += fmt::format("<{0}>{1}</{0}>", tag, escaped(cell));
  return html + "</tr>\n";
}

}  // namespace

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

std::string html_page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n{2}</body>\n</html>\n",
      escaped(title), look, body);
}

std::string html_list(std::string_view heading, const std::vector<std::string>& sentences) {
  std::string html = fmt::format("<h2>{}</h2>\n<ul>\n", escaped(heading));
  for (const std::string& sentence : sentences) html += fmt::format("<li>{}</li>\n", escaped(sentence));
  return html + "</ul>\n";
}

std::string html_table(std::string_view heading, const TextTable& table) {
  std::string html = fmt::format("<h2>{}</h2>\n<div class=\"wide\"><table>\n", escaped(heading));
  html += cells(table.headings, "th");
  for (const auto& row : table.rows) html += cells(row, "td");
  return html + "</table></div>\n";
}

std::string html_figure(std::string_view name, std::string_view caption, std::string_view png,
                        std::string_view command) {
  return fmt::format(
      "<h2>{0}: {1}</h2>\n<figure><img alt=\"{0}: {1}\" src=\"data:image/png;base64,{2}\">\n"
      "<figcaption>Draw it again: <code>{3}</code></figcaption></figure>\n",
      escaped(name), escaped(caption), base64(png), escaped(command));
}

std::string html_commands(std::string_view heading, const std::vector<std::string>& commands) {
  std::string html = fmt::format("<h2>{}</h2>\n<pre>", escaped(heading));
  for (const std::string& command : commands) html += escaped(command) + "\n";
  return html + "</pre>\n";
}

}  // namespace bandwright
