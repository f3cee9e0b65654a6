#pragma once

// Sixteen bytes in one step, for which Swift's own vectors lack the instructions. What is inline here is inlined into
// its callers in Swift, which have checked that the bytes are there. Each function has a form without vectors, for other
// processors; the tests compare them.

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/// Whether a byte stands for itself in a JSON string: it is no quote, no backslash, no control character, and ASCII.
static inline bool postern_is_plain_byte(uint8_t byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/// `postern_plain_prefix` without vectors.
static inline long postern_plain_prefix_scalar(const uint8_t *_Nonnull bytes) {
  long index = 0;
  while (index < 16 && postern_is_plain_byte(bytes[index])) index++;
  return index;
}

/// How many of sixteen bytes stand for themselves before one does not. As signed numbers, control characters and bytes
/// that are not ASCII are both below a space.
static inline long postern_plain_prefix(const uint8_t *_Nonnull bytes) {
#if defined(__SSE2__)
  __m128i text = _mm_loadu_si128((const __m128i *)bytes);
  __m128i other = _mm_or_si128(
      _mm_cmplt_epi8(text, _mm_set1_epi8(0x20)),
      _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')), _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'))));
  return __builtin_ctz((unsigned)_mm_movemask_epi8(other) | 0x10000);
#elif defined(__ARM_NEON)
  uint8x16_t text = vld1q_u8(bytes);
  uint8x16_t other = vorrq_u8(
      vcltq_s8(vreinterpretq_s8_u8(text), vdupq_n_s8(0x20)),
      vorrq_u8(vceqq_u8(text, vdupq_n_u8('"')), vceqq_u8(text, vdupq_n_u8('\\'))));
  // Four bits for each byte, in one word.
  uint64_t mask = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(other), 4)), 0);
  return mask ? __builtin_ctzll(mask) >> 2 : 16;
#else
  return postern_plain_prefix_scalar(bytes);
#endif
}

/// Whether a byte behind a backslash makes an escape of two bytes (RFC 8259 §7: all but `u`).
static inline bool postern_is_short_escape(uint8_t byte) {
  switch (byte) {
  case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return true;
  default: return false;
  }
}

/// `postern_escaped_prefix` without vectors, from `index`.
static inline long postern_escaped_prefix_scalar(
    const uint8_t *_Nonnull bytes, long count, long index, bool *_Nonnull hasEscapes) {
  while (index < count) {
    if (postern_is_plain_byte(bytes[index])) {
      index++;
    } else if (bytes[index] == '\\' && index + 1 < count && postern_is_short_escape(bytes[index + 1])) {
      *hasEscapes = true;
      index += 2;
    } else {
      break;
    }
  }
  return index;
}

/// How many bytes come before one that is neither plain nor part of an escape of two bytes. Sets `hasEscapes` where such an
/// escape is among them. A manifest in an annotation has one for every ten bytes.
static inline long postern_escaped_prefix(const uint8_t *_Nonnull bytes, long count, bool *_Nonnull hasEscapes) {
  long index = 0;
  while (index + 16 < count) {
    long plain = postern_plain_prefix(bytes + index);
    index += plain;
    if (plain == 16) continue;
    if (bytes[index] != '\\' || !postern_is_short_escape(bytes[index + 1])) return index;
    *hasEscapes = true;
    index += 2;
  }
  return postern_escaped_prefix_scalar(bytes, count, index, hasEscapes);
}

/// Whether all bytes stand for themselves in a JSON string. Fewer than sixteen are copied behind spaces.
static inline bool postern_is_plain(const uint8_t *_Nonnull bytes, long count) {
  if (count < 16) {
    uint8_t padded[16] = "                ";
    for (long index = 0; index < count; index++) padded[index] = bytes[index];
    return postern_plain_prefix(padded) == 16;
  }
  for (long index = 0; index + 16 <= count; index += 16) {
    if (postern_plain_prefix(bytes + index) < 16) return false;
  }
  return postern_plain_prefix(bytes + count - 16) == 16;
}

/// Whether two runs of bytes are the same. Most are short keys, for which a call of memcmp costs more than it saves.
static inline bool postern_is_same(const uint8_t *_Nonnull left, const uint8_t *_Nonnull right, long count) {
  long index = 0;
  for (; index + 8 <= count; index += 8) {
    uint64_t one, other;
    memcpy(&one, left + index, 8);
    memcpy(&other, right + index, 8);
    if (one != other) return false;
  }
  for (; index < count; index++) {
    if (left[index] != right[index]) return false;
  }
  return true;
}

/// Writes the base64 characters (RFC 4648 §4) of as many bytes as this processor has instructions for, four characters for
/// three bytes. `text` must have room for all of them.
/// Returns how many bytes that were, which is a multiple of three; the caller encodes the rest.
long postern_base64(const uint8_t *_Nonnull bytes, long count, uint8_t *_Nonnull text);
