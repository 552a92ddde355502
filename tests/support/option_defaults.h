#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ingest/base/options.h"

namespace sparktail::testing {

// Each option has a name of its own and a sentence, and its default is the value of a new S. One
// that may be missing and has no default says what happens then.
template <typename S>
void ExpectDefaultsOf(const OptionTable<S>& table) {
  std::set<std::string> names;
  for (const Option<S>& option : table) {
    const OptionInfo& info = option.info;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.sentence.empty()) << info.name;
    EXPECT_NE(info.required || info.default_text.has_value(), !info.default_note.empty())
        << info.name;
    S target;
    const std::string none = info.type == OptionType::kTextList ? "[]" : "";
    EXPECT_EQ(option.Text(target), info.default_text.value_or(none)) << info.name;
    if (!info.default_text || info.type == OptionType::kTextList) continue;
    EXPECT_TRUE(option.Set(*info.default_text, &target).ok()) << info.name;
    EXPECT_EQ(option.Text(target), *info.default_text) << info.name;
  }
}

// Returns the option of that name.
template <typename S>
Option<S> OptionNamed(const OptionTable<S>& table, const std::string& name) {
  for (const Option<S>& option : table) {
    if (option.info.name == name) return option;
  }
  ADD_FAILURE() << "there is no option " << name;
  return {};
}

}  // namespace sparktail::testing
