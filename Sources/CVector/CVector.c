#include "CVector.h"

#if defined(__x86_64__)

#include <tmmintrin.h>

// Twelve bytes become sixteen numbers of six bits, and each number its character: what has to be added to a number
// depends on which of five ranges it is in, so that a table of the sums can be looked up by the range.
__attribute__((target("ssse3"))) static long encode(const uint8_t *bytes, long count, uint8_t *text) {
  const __m128i triples = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  const __m128i sums = _mm_setr_epi8(
      'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
      '+' - 62, '/' - 63, 'A', 0, 0);
  long index = 0;
  for (; index + 16 <= count; index += 12, text += 16) {
    __m128i words = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + index)), triples);
    // Multiplications shift each number by its own distance.
    __m128i odd = _mm_mulhi_epu16(_mm_and_si128(words, _mm_set1_epi32(0x0FC0FC00)), _mm_set1_epi32(0x04000040));
    __m128i even = _mm_mullo_epi16(_mm_and_si128(words, _mm_set1_epi32(0x003F03F0)), _mm_set1_epi32(0x01000010));
    __m128i numbers = _mm_or_si128(odd, even);
    // 0 for lower-case letters, 1 to 10 for digits, 11 and 12 for the signs; 13 for upper-case letters.
    __m128i range = _mm_or_si128(
        _mm_subs_epu8(numbers, _mm_set1_epi8(51)),
        _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), numbers), _mm_set1_epi8(13)));
    _mm_storeu_si128((__m128i *)text, _mm_add_epi8(numbers, _mm_shuffle_epi8(sums, range)));
  }
  return index;
}

long postern_base64(const uint8_t *bytes, long count, uint8_t *text) {
  return __builtin_cpu_supports("ssse3") ? encode(bytes, count, text) : 0;
}

#elif defined(__aarch64__)

long postern_base64(const uint8_t *bytes, long count, uint8_t *text) {
  static const uint8_t alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint8x16x4_t characters = vld1q_u8_x4(alphabet);
  const uint8x16_t six = vdupq_n_u8(0x3F);
  long index = 0;
  for (; index + 48 <= count; index += 48, text += 64) {
    // The first bytes of sixteen triples, the second ones and the third ones.
    uint8x16x3_t in = vld3q_u8(bytes + index);
    uint8x16x4_t out;
    out.val[0] = vqtbl4q_u8(characters, vshrq_n_u8(in.val[0], 2));
    out.val[1] = vqtbl4q_u8(characters, vandq_u8(vsliq_n_u8(vshrq_n_u8(in.val[1], 4), in.val[0], 4), six));
    out.val[2] = vqtbl4q_u8(characters, vandq_u8(vsliq_n_u8(vshrq_n_u8(in.val[2], 6), in.val[1], 2), six));
    out.val[3] = vqtbl4q_u8(characters, vandq_u8(in.val[2], six));
    vst4q_u8(text, out);
  }
  return index;
}

#else

long postern_base64(const uint8_t *bytes, long count, uint8_t *text) { return 0; }

#endif
