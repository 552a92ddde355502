#pragma once

#include <string>

namespace sparktail {

// Both are made from the tables of options, as the strict reader is. Files of the same content are
// kept in docs/; a test keeps them equal.

// docs/configuration.md
std::string ConfigReference();

// docs/sparktail.schema.json: JSON Schema, draft 2020-12, for editors. It says no to what it can
// tell to be wrong, and to nothing else.
std::string ConfigJsonSchema();

}  // namespace sparktail
