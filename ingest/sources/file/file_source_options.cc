#include "ingest/sources/file/file_source_options.h"

namespace sparktail {
OptionTable<FileSourceOptions> FileSourceOptionTable() {
  using O = FileSourceOptions;
  return {
      Declare("paths", &O::paths)
          .Form(kPathForm)
          .Required()
          .Says("Files to follow, as globs: * ? [] and, for any depth of directories, **. Quote "
                "them."),
      Declare("exclude", &O::exclude)
          .Form(kPathForm)
          .Otherwise("none")
          .Says("Globs of files that are left out."),
      DeclareStartAt(&O::start_at)
          .Says(
              "Where reading begins in files that are there at the first start: events older than "
              "a duration are passed over. Later files are read from their beginning."),
      Declare("watch", &O::watch)
          .Word("auto", Watch::kAuto)
          .Word("inotify", Watch::kInotify)
          .Word("poll", Watch::kPoll)
          .Default("auto")
          .Says("How changes are noticed: told by the kernel (inotify), or by looking (poll), "
                "which network file systems need; auto finds that out."),
      Declare("poll_interval", &O::poll_interval)
          .Default("1s")
          .From(absl::Milliseconds(10))
          .To(absl::Hours(1))
          .Says("How often is looked, with watch: poll."),
      Declare("rotate_wait", &O::rotate_wait)
          .Default("5s")
          .To(absl::Hours(24))
          .Says("How long a rotated file may still be written to."),
      Declare("close_idle", &O::close_idle)
          .Default("5m")
          .From(absl::Seconds(1))
          .Says("Files that were not written to for so long are closed, until they are again."),
      Declare("record_timeout", &O::record_timeout)
          .Default("5s")
          .From(absl::Milliseconds(10))
          .To(absl::Hours(1))
          .Says("A stack trace is complete when nothing came after it for so long."),
      Declare("deleted_bytes", &O::deleted_bytes)
          .Bytes()
          .Default("1GiB")
          .Says("How much disk deleted files may keep, all together, until they are read."),
      Declare("deleted_wait", &O::deleted_wait)
          .Default("1h")
          .Says("How long a deleted file is kept open, until it is read."),
  };
}

}  // namespace sparktail
