#include "ingest/cli/program.h"

int main(int argc, char** argv) {
  return sparktail::RunSparktail(argc, argv, sparktail::AllKinds());
}
