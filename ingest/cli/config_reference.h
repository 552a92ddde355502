#pragma once

#include <string>

#include "ingest/cli/kinds.h"

namespace sparktail {

// Both texts are generated from the option tables, like the strict reader. docs/ has files with
// their content; a test keeps them equal.

// docs/configuration.md
std::string ConfigReference(const Kinds& kinds);

// docs/sparktail.schema.json: JSON Schema, draft 2020-12, for editors. It never rejects a valid
// configuration, but cannot detect every mistake.
std::string ConfigJsonSchema(const Kinds& kinds);

}  // namespace sparktail
