#include "ingest/cli/kinds.h"
#include "ingest/cli/program.h"
#include "tests/toy/toy_sink_kind.h"

// A sparktail with one kind more.
int main(int argc, char** argv) {
  sparktail::Kinds kinds = sparktail::AllKinds();
  kinds.sinks.push_back(&sparktail::testing::ToySinkKind());
  return sparktail::RunSparktail(argc, argv, kinds);
}
