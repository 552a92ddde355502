#include "sinks/file/file_sink_options.h"

namespace sparktail {

OptionTable<FileSinkOptions> FileSinkOptionTable() {
  using O = FileSinkOptions;
  return {
      Declare("path", &O::path)
          .Form(kPathForm)
          .Word("-", std::string("-"))
          .Required()
          .Says("File to which events are appended, one JSON document a line; - is standard "
                "output."),
      Declare("rotate_bytes", &O::rotate_bytes)
          .Bytes()
          .Word("never", uint64_t{0})
          .Default("never")
          .From(1024)
          .Says("Size at which the file is renamed and a new one is created."),
      Declare("rotate_age", &O::rotate_age)
          .Word("never", absl::InfiniteDuration())
          .Default("never")
          .From(absl::Seconds(1))
          .Says("Age at which the file is renamed and a new one is created."),
      Declare("keep_files", &O::keep_files)
          .Word("all", uint64_t{0})
          .Default("all")
          .Unit("files")
          .From(1)
          .To(1'000'000)
          .Says("Number of renamed files to keep; older ones are deleted."),
  };
}

}  // namespace sparktail
