#pragma once
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <string>

namespace bandwright {

// Help of a command in two layers, 100 columns wide. `--help` fits a screen: the usual options, the names of
// the others by their headings, examples. `--help-all` explains everything. A command whose whole help fits a
// screen has one layer.
class Help : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_option_name(const CLI::Option* option, bool positional) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_footer(const CLI::App* app) const override;
};

}  // namespace bandwright
