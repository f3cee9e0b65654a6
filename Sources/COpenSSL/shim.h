#pragma once

// OpenSSL 3 deprecates the raw SHA-256 functions, but the interface that replaces them looks for an implementation each
// time, which takes ten times as long as to hash a declaration; and each of PBKDF2's thousands of rounds has two blocks,
// for every one of which it needs a context.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

static inline void postern_store_words(unsigned char *bytes, const SHA_LONG *words) {
  for (int i = 0; i < 8; i++) {
    bytes[4 * i] = (unsigned char)(words[i] >> 24);
    bytes[4 * i + 1] = (unsigned char)(words[i] >> 16);
    bytes[4 * i + 2] = (unsigned char)(words[i] >> 8);
    bytes[4 * i + 3] = (unsigned char)words[i];
  }
}

/// SHA-256 (FIPS 180-4): 32 bytes.
static inline void postern_sha256(const unsigned char *bytes, size_t length, unsigned char *digest) {
  SHA256_CTX context;
  SHA256_Init(&context);
  if (length > 0) SHA256_Update(&context, bytes, length);
  SHA256_Final(digest, &context);
}

/// PBKDF2 with HMAC-SHA-256 (RFC 8018 section 5.2), one block: 32 bytes. HMAC's two key states are computed once. Every
/// round after the first needs one padded block for each state.
static inline void postern_pbkdf2_sha256(const unsigned char *password, size_t password_length,
                                         const unsigned char *salt, size_t salt_length, unsigned int iterations,
                                         unsigned char *key) {
  unsigned char pad[64] = {0}, block[64] = {0};
  static const unsigned char first_block[4] = {0, 0, 0, 1};
  SHA256_CTX inner, outer, context;
  SHA_LONG sum[8];

  if (password_length > sizeof pad) {
    postern_sha256(password, password_length, pad);
  } else if (password_length > 0) {
    memcpy(pad, password, password_length);
  }
  for (size_t i = 0; i < sizeof pad; i++) pad[i] ^= 0x36;
  SHA256_Init(&inner);
  SHA256_Update(&inner, pad, sizeof pad);
  for (size_t i = 0; i < sizeof pad; i++) pad[i] ^= 0x36 ^ 0x5c;
  SHA256_Init(&outer);
  SHA256_Update(&outer, pad, sizeof pad);

  context = inner;
  SHA256_Update(&context, salt, salt_length);
  SHA256_Update(&context, first_block, sizeof first_block);
  SHA256_Final(block, &context);
  // 32 bytes of digest, the end bit, and the length in bits, which counts one block of key and the 32 bytes.
  block[32] = 0x80;
  block[62] = (64 + 32) * 8 >> 8;

  context = outer;
  SHA256_Transform(&context, block);
  memcpy(sum, context.h, sizeof sum);
  postern_store_words(block, context.h);
  for (unsigned int round = 1; round < iterations; round++) {
    memcpy(context.h, inner.h, sizeof inner.h);
    SHA256_Transform(&context, block);
    postern_store_words(block, context.h);
    memcpy(context.h, outer.h, sizeof outer.h);
    SHA256_Transform(&context, block);
    postern_store_words(block, context.h);
    for (int i = 0; i < 8; i++) sum[i] ^= context.h[i];
  }
  postern_store_words(key, sum);
  OPENSSL_cleanse(pad, sizeof pad);
  OPENSSL_cleanse(&inner, sizeof inner);
  OPENSSL_cleanse(&outer, sizeof outer);
}
