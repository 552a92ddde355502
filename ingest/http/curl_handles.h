#pragma once

#include <curl/curl.h>

#include "ingest/base/owned.h"

namespace sparktail {

// Owning pointers to libcurl's objects.
using CurlEasy = Owned<CURL, curl_easy_cleanup>;
using CurlHeaders = Owned<curl_slist, curl_slist_free_all>;
using CurlMulti = Owned<CURLM, curl_multi_cleanup>;
using CurlText = Owned<char, curl_free>;
using CurlUrl = Owned<CURLU, curl_url_cleanup>;

}  // namespace sparktail
