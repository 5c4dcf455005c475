# What is installed and packed beside the program: manual pages, completion, inputs, figures, the Python module.

# The manual: help2man makes a page of each command's help.
find_program(HELP2MAN help2man)
if(HELP2MAN AND NOT BANDWRIGHT_SANITIZE)
  set(pages)
  set(maker ${PROJECT_SOURCE_DIR}/cmake/manual.cmake)
  # "" is the program itself.
  foreach(command "" optimize plan simulate estimate cost evaluate plot table report place
      network "scale measure" "scale fit" "scale simulate" "scale trials" validate verify calibrate share check import export list)
    string(STRIP "bandwright ${command}" page)
    string(REPLACE " " "-" page "${page}")
    set(file ${PROJECT_BINARY_DIR}/man/${page}.1)
    add_custom_command(OUTPUT ${file} DEPENDS bandwright ${maker} VERBATIM
      COMMAND ${CMAKE_COMMAND} -D HELP2MAN=${HELP2MAN} -D PROGRAM=$<TARGET_FILE:bandwright> -D "COMMAND=${command}"
              -D VERSION=${PROJECT_VERSION} -D OUTPUT=${file} -P ${maker})
    list(APPEND pages ${file})
  endforeach()
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man)
  add_custom_target(manual ALL DEPENDS ${pages})  # cpack builds all
  install(DIRECTORY ${PROJECT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
endif()

install(TARGETS bandwright)
if(TARGET bandwright_mpi)
  install(TARGETS bandwright_mpi LIBRARY DESTINATION lib/bandwright)
endif()
install(DIRECTORY inputs DESTINATION ${CMAKE_INSTALL_DATADIR}/bandwright)
install(FILES LICENSE README.md CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES report/page/node_modules/uplot/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME uPlot.LICENSE OPTIONAL)
install(DIRECTORY plots DESTINATION ${CMAKE_INSTALL_DATADIR}/bandwright PATTERN __pycache__ EXCLUDE)
set(completion ${PROJECT_SOURCE_DIR}/scripts/completion)
install(FILES ${completion}/bandwright.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  RENAME bandwright)
install(FILES ${completion}/_bandwright DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${completion}/bandwright.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
# Only packed, where it has been built: `cmake --install` by itself is of the program.
if(TARGET bandwright_python)
  set(packages lib/python3/dist-packages/bandwright)
  install(TARGETS bandwright_python LIBRARY DESTINATION ${packages} COMPONENT python EXCLUDE_FROM_ALL)
  install(DIRECTORY python/bandwright/ DESTINATION ${packages} COMPONENT python EXCLUDE_FROM_ALL
    PATTERN __pycache__ EXCLUDE)
  set(CPACK_INSTALL_CMAKE_PROJECTS
    "${PROJECT_BINARY_DIR};bandwright;ALL;/;${PROJECT_BINARY_DIR};bandwright;python;/")
endif()

# cpack: build/PRESET/bandwright_VERSION_ARCHITECTURE.deb
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The Bandwright authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Simulator and optimizer of distributed-training networks")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3-matplotlib, python3-pandas")
include(CPack)
