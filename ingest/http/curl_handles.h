#pragma once

#include <curl/curl.h>

#include <memory>

namespace sparktail {

// Owning pointers to libcurl's objects.
template <auto destroy>
struct CurlDestroy {
  template <typename T>
  void operator()(T* one) const {
    destroy(one);
  }
};
template <typename T, auto destroy>
using CurlOwned = std::unique_ptr<T, CurlDestroy<destroy>>;

using CurlEasy = CurlOwned<CURL, curl_easy_cleanup>;
using CurlHeaders = CurlOwned<curl_slist, curl_slist_free_all>;
using CurlMulti = CurlOwned<CURLM, curl_multi_cleanup>;
using CurlText = CurlOwned<char, curl_free>;
using CurlUrl = CurlOwned<CURLU, curl_url_cleanup>;

}  // namespace sparktail
