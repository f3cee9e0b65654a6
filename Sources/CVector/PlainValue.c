#include "CVector.h"

// Bytes that are looked at 64 at a time.
struct text {
  const uint8_t *bytes;
  long count;
  // The offset of the 64 bytes, and a bit for each of them that is not plain and has not been taken.
  long block;
  uint64_t others;
};

// Whether 64 bytes can be read from an index, and one behind them.
static inline bool has_room(const struct text *text, long index) { return index + 64 < text->count; }

// Takes the next byte that is not plain, and returns its offset, behind which is another byte; or -1 where there is no room.
static inline long next_other(struct text *text) {
  while (text->others == 0) {
    text->block += 64;
    if (!has_room(text, text->block)) return -1;
    text->others = postern_other_bits(text->bytes + text->block);
  }
  long index = text->block + __builtin_ctzll(text->others);
  text->others &= text->others - 1;
  return index;
}

// The offset of a string's closing quote, or -1. Its opening one is the next byte that is not plain.
static inline long string_end(struct text *text) {
  next_other(text);
  while (true) {
    long index = next_other(text);
    if (index < 0 || text->bytes[index] == '"') return index;
    uint8_t escaped = text->bytes[index + 1];
    if (text->bytes[index] != '\\' || !postern_is_short_escape(escaped)) return -1;
    if (!postern_is_plain_byte(escaped)) next_other(text);
  }
}

// The offset after a number without a fraction and an exponent, or after a literal, or -1.
static inline long scalar_end(const struct text *text, long index) {
  const uint8_t *bytes = text->bytes;
  if (memcmp(bytes + index, "true", 4) == 0 || memcmp(bytes + index, "null", 4) == 0) return index + 4;
  if (memcmp(bytes + index, "false", 5) == 0) return index + 5;
  long digits = index + (bytes[index] == '-');
  for (index = digits; has_room(text, index) && bytes[index] >= '0' && bytes[index] <= '9'; index++) {}
  bool is_whole = bytes[index] == ',' || bytes[index] == '}' || bytes[index] == ']';
  return index > digits && (bytes[digits] != '0' || index == digits + 1) && is_whole ? index : -1;
}

long postern_plain_value_end(const uint8_t *bytes, long count, long index) {
  struct text text = {bytes, count, index - 64, 0};
  // The containers that are open, with one bit for each, the innermost lowest: whether it is an object. A 1 is above them.
  uint64_t open = 1;
  while (has_room(&text, index)) {
    uint8_t first = bytes[index];
    if (first == '"') {
      index = string_end(&text) + 1;
      if (index == 0) return -1;
    } else if (first == '{' || first == '[') {
      index++;
      // In ASCII, each closing bracket is two above its opening one.
      if (bytes[index] == first + 2) {
        index++;
      } else {
        if (open >> 62) return -1;
        open = open << 1 | (first == '{');
        if (first == '[') continue;
        goto key;
      }
    } else {
      index = scalar_end(&text, index);
      if (index < 0) return -1;
    }
    // A value has ended: its container continues or ends.
    while (true) {
      if (open == 1) return index;
      if (!has_room(&text, index)) return -1;
      uint8_t byte = bytes[index++];
      if (byte == ',') break;
      if (byte != (open & 1 ? '}' : ']')) return -1;
      open >>= 1;
    }
    if (!(open & 1)) continue;
  key:
    if (!has_room(&text, index) || bytes[index] != '"') return -1;
    index = string_end(&text);
    if (index < 0 || bytes[index + 1] != ':') return -1;
    index += 2;
  }
  return -1;
}
