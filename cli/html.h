#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cli/output.h"

namespace bandwright {

// The parts of a self-contained HTML page: no scripts, no network, pictures inside. Texts are escaped.
std::string html_page(std::string_view title, std::string_view body);
std::string html_list(std::string_view heading, const std::vector<std::string>& sentences);
std::string html_table(std::string_view heading, const TextTable& table);
std::string html_figure(std::string_view name, std::string_view caption, std::string_view png,
                        std::string_view command);
std::string html_commands(std::string_view heading, const std::vector<std::string>& commands);

// RFC 4648.
std::string base64(std::string_view bytes);

}  // namespace bandwright
