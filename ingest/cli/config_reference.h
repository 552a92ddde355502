#pragma once

#include <string>

namespace sparktail {

// Both texts are generated from the option tables, like the strict reader. docs/ has files with
// their content; a test keeps them equal.

// docs/configuration.md
std::string ConfigReference();

// docs/sparktail.schema.json: JSON Schema, draft 2020-12, for editors. It never rejects a valid
// configuration, but cannot detect every mistake.
std::string ConfigJsonSchema();

}  // namespace sparktail
