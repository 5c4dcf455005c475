#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/options/output_words.h"
#include "cli/program/no_answer.h"
#include "cli/program/program.h"
#include "cli/program/run.h"
#include "core/error.h"
#include "core/io/paths.h"
#include "python/asking.h"
#include "python/command_table.h"
#include "python/document_values.h"
#include "report/origin.h"
#include "report/render.h"
#include "study/job/job_options.h"

namespace bandwright {
namespace {

namespace py = pybind11;

py::list job_table() {
  py::list names;
  for (const JobOption& option : job_options()) names.append(py::str(std::string(option.name)));
  return names;
}

void add_document(py::module_& module) {
  py::class_<Document>(module, "Document")
      .def_readonly("title", &Document::title)
      .def_property_readonly("good", [](const Document& d) { return d.verdict.mood != Verdict::Mood::Bad; })
      .def("names", names_of)
      .def("value", value_of)
      .def("columns", columns_of)
      .def("text", [](const Document& d,
                      std::size_t width) { return render_text(d, {.width = width, .ansi = false}); })
      .def("json", [](const Document& d) { return render_json(d); })
      .def("csv", [](const Document& d) { return render_csv(d); })
      .def("fragment", html_fragment)
      .def("html", [](Document d, const std::vector<std::string>& words) {
        const std::unique_ptr<CommandLine> line =
            command_line_for(words.empty() ? "" : words.front(), nullptr);
        d.origin = origin_of(words, words_read(*line, words));
        return render_html(d);
      });
}

}  // namespace
}  // namespace bandwright

PYBIND11_MODULE(_bandwright, module) {
  using namespace bandwright;
  module.doc() = "The compiled half of the package bandwright, which is what to import.";
  // Python's classes of these errors stand in the package; it says which they are.
  pybind11::register_exception<InputError>(module, "InputError", PyExc_ValueError);
  pybind11::register_exception<NoAnswer>(module, "NoAnswer", PyExc_Exception);
  add_document(module);
  module.def("ask", [](const std::vector<std::string>& words, bool aside) {
    Asked asked = ask(words, aside ? Where::Aside : Where::Here);
    return pybind11::make_tuple(asked.status, std::move(asked.answer), std::move(asked.text),
                                asked.interrupted);
  });
  module.def("main", [](const std::vector<std::string>& words) {
    const py::gil_scoped_release unlocked;
    return run_program(words);
  });
  module.def("commands", command_table);
  module.def("job_options", job_table);
  module.def("inputs_folder", [] { return inputs_folder().string(); });
  module.def("plots_folder", [] { return plots_folder().string(); });
  module.attr("version") = BANDWRIGHT_VERSION;
}
