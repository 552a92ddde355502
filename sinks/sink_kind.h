#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/any_options.h"
#include "ingest/base/log.h"
#include "ingest/base/options.h"
#include "ingest/base/os.h"
#include "ingest/kafka/group_offsets.h"
#include "offsets/cursor_store.h"
#include "offsets/kept_cursors.h"
#include "sinks/dead_letter.h"
#include "sinks/delivery_options.h"
#include "sinks/measure.h"
#include "sinks/sink.h"

namespace sparktail {

class CheckReport;
struct CheckParts;
struct SinkKind;

// One sink, as a configuration has it.
struct SinkConfiguration {
  std::string name;  // of its cursors and its dead letters; unique
  DeliveryOptions delivery;
  const SinkKind* kind = nullptr;
  AnyOptions options;  // of the kind
};

// The options that sinks of all kinds have, those of delivery included.
OptionTable<SinkConfiguration> SinkOptionTable();

// The parts from which a sink is made. All that is pointed to outlives it.
struct SinkParts {
  Os* os = nullptr;
  Log* log = nullptr;
  CursorStore* store = nullptr;
  DeadLetters* dead_letters = nullptr;  // of this sink
  const SinkConfiguration* configuration = nullptr;
  std::string instance;
  bool recover = false;  // `--recover`
  // The owner of a stream's cursors in a store that several processes share; "": the instance.
  std::function<std::string(const StreamKey& stream)> owner_of;
  // The offsets of consumer groups that have to be committed with these cursors. On the sink's
  // thread.
  std::function<absl::StatusOr<std::vector<GroupOffsets>>(std::span<const StreamCursor>)>
      group_offsets;
};

// The store in which a sink keeps its cursors by itself.
struct CursorKeeper {
  std::string place;  // for users; sinks of the same place share the store
  // `to_change`: otherwise it is only read, and may be in use. kNotFound if there is no store.
  std::function<absl::StatusOr<std::unique_ptr<KeptCursors>>(bool to_change)> open;
};

// One kind of sink: its row in the table of kinds (ingest/cli/kinds.cc). Whatever the program wants
// of a kind it asks of this row.
struct SinkKind {
  std::string name;                        // value of `kind`
  std::string sentence;                    // what such a sink does, for users
  AnyOptions defaults;                     // of its own options
  OptionTable<SinkConfiguration> options;  // all that it takes but `kind`
  std::unique_ptr<Sink> (*make)(const SinkParts& parts) = nullptr;
  // Returns what is wrong in the options of a sink, beyond what each of them allows by itself: a
  // line for each, which begins with the option ("acks: …"). Null if nothing can be.
  absl::Status (*problems)(const SinkConfiguration& sink) = nullptr;
  // Changes a sink whose options mean one of another kind into that one: a file whose path is - is
  // standard output. `given`: the options that the user gave. Errors are those of `problems`.
  absl::Status (*complete)(const std::set<std::string>& given, SinkConfiguration* sink) = nullptr;
  // Returns the file that a sink writes to (its option `path`), or "-" for standard output. Null if
  // such a sink writes to none. See WrittenPath().
  std::string (*written_path)(const SinkConfiguration& sink) = nullptr;
  // Returns why a sink needs the option `instance`, after the option that decides it: "delivery: it
  // delivers exactly once, …". OK if it needs none. Null if such a sink never does.
  absl::Status (*why_instance)(const SinkConfiguration& sink) = nullptr;
  // Why `replay` can't deliver to such a sink: "is a file, …". Empty if it can.
  std::string no_replay = {};
  // Returns where a sink keeps its cursors by itself; nothing if it does not. Null if such a sink
  // never does.
  std::optional<CursorKeeper> (*cursor_keeper)(const SinkConfiguration& sink,
                                               const std::string& instance, Os* os,
                                               Log* log) = nullptr;
  // Reports whether a sink can deliver, without changing anything. Null if there is nothing to try.
  void (*check)(const SinkConfiguration& sink, const CheckParts& parts,
                CheckReport* report) = nullptr;
  // Creates what a sink needs and does not find: topics, templates. Reports what it found and what
  // it created, and may run again. Null if such a sink needs nothing.
  void (*setup)(const SinkConfiguration& sink, const CheckParts& parts,
                CheckReport* report) = nullptr;
  std::string reported_as = {};  // `kind` in metrics; empty: name
  // The measures that its sinks report in Sink::AddTo(), as /metrics describes them. Several kinds
  // may have the same measures.
  std::vector<Measure> measures = {};
  bool reads_values = false;  // it uses an EventValuesReader: let parsers hand numbers on
  // Returns where the cursors of a sink are that its Kafka transactions hold. Null for other kinds.
  std::optional<KafkaCommitPlace> (*commit_place)(const SinkConfiguration& sink) = nullptr;
};

// Returns the measures of all kinds, each name once.
std::vector<Measure> MeasuresOf(std::span<const SinkKind* const> kinds);

// Returns the file that the sink writes to; "-" is standard output, "" no file.
std::string WrittenPath(const SinkConfiguration& sink);

}  // namespace sparktail
