#pragma once

#include <any>
#include <utility>

#include "ingest/base/options.h"

namespace sparktail {

// The options of one kind of source or sink, held by code that knows no kinds. Copyable. Only the
// kind itself takes them out again.
class AnyOptions {
 public:
  AnyOptions() = default;

  template <typename O>
  static AnyOptions Of(O options) {
    AnyOptions any;
    any.options_ = std::move(options);
    return any;
  }

  // Null if these are not O.
  template <typename O>
  const O* Find() const {
    return std::any_cast<O>(&options_);
  }

  // They must be O.
  template <typename O>
  const O& Get() const {
    return *Find<O>();
  }
  template <typename O>
  O& Get() {
    return *std::any_cast<O>(&options_);
  }

 private:
  std::any options_;
};

// Turns the options O of a kind into those of a configuration, whose `options` they are.
template <typename Configuration, typename O>
OptionTable<Configuration> OfKind(const OptionTable<O>& table) {
  return Within<Configuration>(
      table, [](Configuration* one) -> O* { return &one->options.template Get<O>(); });
}

}  // namespace sparktail
