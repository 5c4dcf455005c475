# Writes a source that holds the page's style and script, and the chart library where it was fetched:
#   cmake -DTARGET=page_assets.cpp -DFOLDER=report/page -P embed.cmake
set(library ${FOLDER}/node_modules/uplot)
set(licence "")
foreach(part page.css page.js node_modules/uplot/dist/uPlot.iife.min.js node_modules/uplot/dist/uPlot.min.css
    node_modules/uplot/LICENSE)
  get_filename_component(name ${part} NAME)
  string(REGEX REPLACE "[^A-Za-z]" "_" name ${name})
  set(${name} "")
  if(EXISTS ${FOLDER}/${part})
    file(READ ${FOLDER}/${part} ${name})
  endif()
endforeach()
set(chart_script "")
if(uPlot_iife_min_js)
  set(chart_script "/*\n${LICENSE}*/\n${uPlot_iife_min_js}")
endif()
file(WRITE ${TARGET}.new "// Written by report/page/embed.cmake.
#include \"report/page/assets.h\"

namespace bandwright {

std::string_view page_style() { return R\"page(${page_css})page\"; }
std::string_view page_script() { return R\"page(${page_js})page\"; }
std::string_view chart_script() { return R\"page(${chart_script})page\"; }
std::string_view chart_style() { return R\"page(${uPlot_min_css})page\"; }

}  // namespace bandwright
")
file(RENAME ${TARGET}.new ${TARGET})
