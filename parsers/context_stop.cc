#include "parsers/context_stop.h"

namespace sparktail {

bool SaysThatContextStopped(std::string_view end) {
  return end.find("Successfully stopped SparkContext") != std::string_view::npos;
}

}  // namespace sparktail
