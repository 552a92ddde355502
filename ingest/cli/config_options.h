#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/cli/config_tree.h"
#include "ingest/cli/surroundings.h"

namespace sparktail {

// Reads options from the mappings of a configuration: types, references, paths, keys that are
// unknown, missing or there twice. Collects what is wrong.
class ConfigOptions {
 public:
  // `file`: as the user named it; empty if the configuration comes from flags. `surroundings`
  // outlives it.
  ConfigOptions(std::string_view file, const Surroundings& surroundings);

  // `key` names the node for users: "sinks[0].path". `what` may have any bytes.
  void Complain(const ConfigNode& node, std::string_view key, absl::string_view what);
  // Returns kInvalidArgument with a line for each complaint, in the order of the file, at most 50.
  absl::Status ToStatus() const;

  // Sets the options that a mapping gives. `others` are keys that somebody else reads. `prefix` is
  // that of the keys' names in complaints: "", "log.", "sinks[0].".
  template <typename S>
  void Read(const ConfigNode& map, const std::string& prefix, const OptionTable<S>& table,
            const std::vector<std::string>& others, S* target) {
    ReadMap(map, prefix, Infos(table), others,
            [&](size_t i, const OptionData& data) { table[i].apply(data, target); });
  }

  // Returns the text of a scalar, with references replaced and a path made absolute; nothing after
  // a complaint.
  std::optional<std::string> Scalar(const ConfigNode& node, const std::string& name,
                                    const OptionInfo& info);

 private:
  using Texts = std::vector<std::string>;

  void ReadMap(const ConfigNode& map, const std::string& prefix,
               const std::vector<OptionInfo>& infos, const Texts& others,
               absl::FunctionRef<void(size_t option, const OptionData& data)> set);
  void UnknownKey(const ConfigNode& key, const std::string& name,
                  const std::vector<OptionInfo>& known, Texts names);

  // All return nothing after a complaint.
  std::optional<OptionData> Value(const OptionInfo& info, const ConfigNode& node,
                                  const std::string& name);
  std::optional<OptionData> List(const OptionInfo& info, const ConfigNode& node,
                                 const std::string& name);
  std::optional<OptionData> Map(const OptionInfo& info, const ConfigNode& node,
                                const std::string& name);
  std::optional<OptionData> Good(absl::StatusOr<OptionData> data, const ConfigNode& node,
                                 const std::string& name);

  const std::string file_;
  const Surroundings& surroundings_;
  std::multimap<size_t, std::string> complaints_;  // by line
};

}  // namespace sparktail
