#include "ingest/sources/file/file_source_options.h"

namespace sparktail {
OptionTable<FileSourceOptions> FileSourceOptionTable() {
  using O = FileSourceOptions;
  return {
      Declare("paths", &O::paths)
          .Form(kPathForm)
          .Required()
          .Says("Globs of the files to follow: * ? [] and, for any depth of directories, **. Quote "
                "them."),
      Declare("exclude", &O::exclude)
          .Form(kPathForm)
          .Otherwise("none")
          .Says("Globs of files to skip."),
      DeclareStartAt(&O::start_at)
          .Says("Where to start in files that exist at the first start: with a duration, older "
                "events are skipped. Later files are read from their beginning."),
      Declare("watch", &O::watch)
          .Word("auto", Watch::kAuto)
          .Word("inotify", Watch::kInotify)
          .Word("poll", Watch::kPoll)
          .Default("auto")
          .Says("How to notice changes: by the kernel's notifications (inotify), or by polling "
                "(poll), "
                "which network file systems need. With auto the file system is detected."),
      Declare("poll_interval", &O::poll_interval)
          .Default("1s")
          .From(absl::Milliseconds(10))
          .To(absl::Hours(1))
          .Says("Interval of polling with watch: poll."),
      Declare("rotate_wait", &O::rotate_wait)
          .Default("5s")
          .To(absl::Hours(24))
          .Says("How long after its rotation a file may still be written to."),
      Declare("close_idle", &O::close_idle)
          .Default("5m")
          .From(absl::Seconds(1))
          .Says("A file without writes for this long is closed until the next write."),
      Declare("record_timeout", &O::record_timeout)
          .Default("5s")
          .From(absl::Milliseconds(10))
          .To(absl::Hours(1))
          .Says("A stack trace is complete when nothing has followed it for this long."),
      Declare("deleted_bytes", &O::deleted_bytes)
          .Bytes()
          .Default("1GiB")
          .Says("Maximum disk space that deleted files may occupy together until they are read."),
      Declare("deleted_wait", &O::deleted_wait)
          .Default("1h")
          .Says("How long a deleted file is kept open to be read."),
  };
}

}  // namespace sparktail
