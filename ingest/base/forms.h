#pragma once

#include "ingest/base/options.h"

namespace sparktail {

// Forms of texts that options of several components have; see kTextForm and kPathForm, too.
extern const TextForm kNameForm;     // of sources, sinks and instances: also a directory's name
extern const TextForm kZoneForm;     // a time zone that this machine knows
extern const TextForm kAddressForm;  // host:port

}  // namespace sparktail
