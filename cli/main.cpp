#include "cli/program/program.h"

int main(int argc, char** argv) { return bandwright::run_program({argv + (argc > 0 ? 1 : 0), argv + argc}); }
