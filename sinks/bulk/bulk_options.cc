#include "sinks/bulk/bulk_options.h"

namespace sparktail {

OptionTable<BulkOptions> BulkOptionTable(bool compresses) {
  using O = BulkOptions;
  OptionTable<O> table = {
      Declare("bulk_bytes", &O::bulk_bytes)
          .Bytes()
          .Default("1MiB")
          .From(uint64_t{16} << 10)
          .To(uint64_t{64} << 20)
          .Says(compresses ? "Bytes of documents in one request, before compression."
                           : "Bytes of documents in one request."),
      Declare("connections", &O::connections)
          .Default("4")
          .Unit("requests")
          .From(1)
          .To(64)
          .Says("Most requests in flight at a time; fewer while the server is overloaded."),
  };
  if (compresses) {
    table.push_back(Declare("compression", &O::compression)
                        .Choice({"none", "gzip"})
                        .Default("gzip")
                        .Says("Compression of requests."));
  }
  table.push_back(Declare("request_timeout", &O::request_timeout)
                      .Default("1m")
                      .From(absl::Seconds(1))
                      .To(absl::Hours(1))
                      .Says("Longest time for a response before the request is retried."));
  return Joined(table, Within<O>(HttpOptionTable(), [](O* sink) { return &sink->http; }));
}

}  // namespace sparktail
