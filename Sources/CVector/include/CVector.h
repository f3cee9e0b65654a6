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

#if defined(__SSE2__)
/// All bits of each byte that does not stand for itself. As signed numbers, control characters and bytes that are not ASCII are
/// both below a space.
static inline __m128i postern_others(__m128i text) {
  return _mm_or_si128(
      _mm_cmplt_epi8(text, _mm_set1_epi8(0x20)),
      _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')), _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'))));
}
#elif defined(__ARM_NEON)
/// As above.
static inline uint8x16_t postern_others(uint8x16_t text) {
  return vorrq_u8(
      vcltq_s8(vreinterpretq_s8_u8(text), vdupq_n_s8(0x20)),
      vorrq_u8(vceqq_u8(text, vdupq_n_u8('"')), vceqq_u8(text, vdupq_n_u8('\\'))));
}
#endif

/// How many of sixteen bytes stand for themselves before one does not.
static inline long postern_plain_prefix(const uint8_t *_Nonnull bytes) {
#if defined(__SSE2__)
  return __builtin_ctz((unsigned)_mm_movemask_epi8(postern_others(_mm_loadu_si128((const __m128i *)bytes))) | 0x10000);
#elif defined(__ARM_NEON)
  // Four bits for each byte, in one word.
  uint64_t mask = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(postern_others(vld1q_u8(bytes))), 4)), 0);
  return mask ? __builtin_ctzll(mask) >> 2 : 16;
#else
  return postern_plain_prefix_scalar(bytes);
#endif
}

/// `postern_other_bits` without vectors.
static inline uint64_t postern_other_bits_scalar(const uint8_t *_Nonnull bytes) {
  uint64_t bits = 0;
  for (int index = 0; index < 64; index++) bits |= (uint64_t)!postern_is_plain_byte(bytes[index]) << index;
  return bits;
}

/// A bit for each of 64 bytes, the lowest for the first: whether it does not stand for itself.
static inline uint64_t postern_other_bits(const uint8_t *_Nonnull bytes) {
#if defined(__SSE2__)
  uint64_t bits = 0;
  for (int part = 0; part < 4; part++) {
    bits |= (uint64_t)_mm_movemask_epi8(postern_others(_mm_loadu_si128((const __m128i *)bytes + part))) << part * 16;
  }
  return bits;
#elif defined(__ARM_NEON)
  // Pairs are added until each of the lowest eight bytes has eight bytes' bits.
  const uint8x16_t places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t first = vpaddq_u8(
      vandq_u8(postern_others(vld1q_u8(bytes)), places), vandq_u8(postern_others(vld1q_u8(bytes + 16)), places));
  uint8x16_t second = vpaddq_u8(
      vandq_u8(postern_others(vld1q_u8(bytes + 32)), places), vandq_u8(postern_others(vld1q_u8(bytes + 48)), places));
  uint8x16_t sums = vpaddq_u8(first, second);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
#else
  return postern_other_bits_scalar(bytes);
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

/// Whether all of eight bytes stand for themselves. A subtraction sets the highest bit of a byte below what is subtracted, and
/// of no byte behind one for which the answer is known.
static inline bool postern_is_plain_word(uint64_t word) {
  const uint64_t ones = 0x0101010101010101, high = ones * 0x80;
  uint64_t quotes = word ^ ones * '"', backslashes = word ^ ones * '\\';
  return (((word - ones * 0x20) | (quotes - ones) | (backslashes - ones) | word) & high) == 0;
}

/// Copies bytes and tells whether all of them stand for themselves in a JSON string. Most are few; the last word may overlap
/// the one before.
static inline bool postern_copy_plain(const uint8_t *_Nonnull bytes, long count, uint8_t *_Nonnull room) {
  uint64_t word;
  if (count >= 8) {
    bool is_plain = true;
    for (long index = 0; index + 8 <= count; index += 8) {
      memcpy(&word, bytes + index, 8);
      memcpy(room + index, &word, 8);
      is_plain = is_plain && postern_is_plain_word(word);
    }
    memcpy(&word, bytes + count - 8, 8);
    memcpy(room + count - 8, &word, 8);
    return is_plain && postern_is_plain_word(word);
  }
  uint8_t padded[8] = "        ";
  for (long index = 0; index < count; index++) room[index] = padded[index] = bytes[index];
  memcpy(&word, padded, 8);
  return postern_is_plain_word(word);
}

/// Whether two runs of bytes are the same. Most are short keys, for which a call of memcmp costs more than it saves. The
/// last word may overlap the one before.
static inline bool postern_is_same(const uint8_t *_Nonnull left, const uint8_t *_Nonnull right, long count) {
  if (count >= 8) {
    uint64_t one, other;
    for (long index = 0; index + 8 <= count; index += 8) {
      memcpy(&one, left + index, 8);
      memcpy(&other, right + index, 8);
      if (one != other) return false;
    }
    memcpy(&one, left + count - 8, 8);
    memcpy(&other, right + count - 8, 8);
    return one == other;
  }
  if (count >= 4) {
    uint32_t first, last;
    memcpy(&first, left, 4);
    memcpy(&last, right, 4);
    if (first != last) return false;
    memcpy(&first, left + count - 4, 4);
    memcpy(&last, right + count - 4, 4);
    return first == last;
  }
  for (long index = 0; index < count; index++) {
    if (left[index] != right[index]) return false;
  }
  return true;
}

/// The offset after a JSON value, from its first byte, where it is written as Kubernetes writes it: without white space, in
/// ASCII, with whole numbers, without escapes of more than two bytes, and nested below 63 levels. All of it is checked.
/// Returns -1 where it is not written like that, ends in the last 64 of `count` bytes, or is no JSON.
long postern_plain_value_end(const uint8_t *_Nonnull bytes, long count, long index);

/// Writes the base64 characters (RFC 4648 §4) of as many bytes as this processor has instructions for, four characters for
/// three bytes. `text` must have room for all of them.
/// Returns how many bytes that were, which is a multiple of three; the caller encodes the rest.
long postern_base64(const uint8_t *_Nonnull bytes, long count, uint8_t *_Nonnull text);
