# One page of the manual, by help2man: cmake -D HELP2MAN=... -D PROGRAM=... -D "COMMAND=scale fit" -D VERSION=...
# -D OUTPUT=FILE -P manual.cmake. Its NAME line, which `apropos` searches, is what the command's help begins with.
separate_arguments(words UNIX_COMMAND "${COMMAND}")
execute_process(COMMAND ${PROGRAM} ${words} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
string(FIND "${help}" "Usage:" usage)
string(SUBSTRING "${help}" 0 ${usage} name)
string(REGEX REPLACE "[ \n]+" " " name "${name}")
string(REGEX REPLACE "[. ]+$" "" name "${name}")
string(STRIP "bandwright ${COMMAND}" command)
string(REPLACE " " "-" page "${command}")
string(STRIP "${PROGRAM} ${COMMAND}" executable)
execute_process(COMMAND ${HELP2MAN} --no-info --no-discard-stderr --help-option=--help-all
    "--version-string=${page} ${VERSION}" "--name=${name}" --output=${OUTPUT} "${executable}"
  COMMAND_ERROR_IS_FATAL ANY)
