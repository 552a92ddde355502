#include "tests/support/test_certificates.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>

namespace sparktail::testing {
namespace {

constexpr long kDay = 24 * 3600;

template <auto free_one>
struct Free {
  template <typename T>
  void operator()(T* one) const {
    free_one(one);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

struct Pair {
  Key key;
  Certificate certificate;
};

void AddExtension(X509* certificate, int what, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// By itself, if there is no issuer.
Pair MakePair(const std::string& name, const Pair* issuer, const char* alternative_names,
              long days) {
  static long serial = 1;
  Pair pair = {Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), Certificate(X509_new())};
  X509* certificate = pair.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -10 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), days * kDay);
  X509_set_pubkey(certificate, pair.key.get());
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* signer = issuer == nullptr ? certificate : issuer->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  if (issuer == nullptr) AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  if (alternative_names != nullptr) {
    AddExtension(certificate, NID_subject_alt_name, alternative_names);
  }
  EVP_PKEY* signing = issuer == nullptr ? pair.key.get() : issuer->key.get();
  EXPECT_GT(X509_sign(certificate, signing, EVP_sha256()), 0);
  return pair;
}

template <typename Write>
void WriteFile(const std::string& path, Write write) {
  FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr) << path;
  EXPECT_EQ(write(file), 1) << path;
  std::fclose(file);
}

}  // namespace

TestCertificates::TestCertificates() {
  const auto write = [this](const Pair& pair, const std::string& name) {
    EVP_PKEY* key = pair.key.get();
    WriteFile(certificate(name),
              [&](FILE* file) { return PEM_write_X509(file, pair.certificate.get()); });
    WriteFile(this->key(name), [&](FILE* file) {
      return PEM_write_PKCS8PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    WriteFile(locked_key(name), [&](FILE* file) {
      return PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), kPassword.data(),
                                       static_cast<int>(kPassword.size()), nullptr, nullptr);
    });
  };
  const Pair authority = MakePair("authority", nullptr, nullptr, 1);
  write(authority, "ca");
  write(MakePair("foreign authority", nullptr, nullptr, 1), "foreign-ca");
  write(MakePair("server", &authority, "DNS:localhost,IP:127.0.0.1", 1), "server");
  write(MakePair("elsewhere", &authority, "DNS:elsewhere.example", 1), "elsewhere");
  write(MakePair("expired", &authority, "DNS:localhost,IP:127.0.0.1", -1), "expired");
  write(MakePair("client", &authority, nullptr, 1), "client");
}

}  // namespace sparktail::testing
