#!/usr/bin/env python3
"""All tests against a real OpenSearch or Elasticsearch, on one server: it takes longer to start than most of them."""
import search_support  # noqa: F401: it knows where the others are
import support

if __name__ == "__main__":
    support.main(modules=("opensearch_sink_test", "opensearch_template_test"))
