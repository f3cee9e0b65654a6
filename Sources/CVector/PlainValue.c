#include "CVector.h"

// Behind an index that has room, sixteen bytes can be read in one step, and as many single ones besides.
static inline bool has_room(long count, long index) { return index + 32 <= count; }

// The offset of a string's closing quote, from behind its opening one, which had room; or -1.
static inline long string_end(const uint8_t *bytes, long count, long index) {
  do {
    long plain = postern_plain_prefix(bytes + index);
    index += plain;
    if (plain == 16) continue;
    if (bytes[index] == '"') return index;
    bool has_escapes = false;
    index += postern_escaped_prefix(bytes + index, count - index, &has_escapes);
    if (!has_escapes) return -1;
  } while (has_room(count, index));
  return -1;
}

// The offset after a number without a fraction and an exponent, or after a literal, or -1.
static inline long scalar_end(const uint8_t *bytes, long count, long index) {
  if (memcmp(bytes + index, "true", 4) == 0 || memcmp(bytes + index, "null", 4) == 0) return index + 4;
  if (memcmp(bytes + index, "false", 5) == 0) return index + 5;
  long digits = index + (bytes[index] == '-');
  for (index = digits; has_room(count, index) && bytes[index] >= '0' && bytes[index] <= '9'; index++) {}
  bool is_whole = bytes[index] == ',' || bytes[index] == '}' || bytes[index] == ']';
  return index > digits && (bytes[digits] != '0' || index == digits + 1) && is_whole ? index : -1;
}

long postern_plain_value_end(const uint8_t *bytes, long count, long index) {
  // The containers that are open, with one bit for each, the innermost lowest: whether it is an object. A 1 is above them.
  uint64_t open = 1;
  while (has_room(count, index)) {
    uint8_t first = bytes[index];
    if (first == '"') {
      index = string_end(bytes, count, index + 1) + 1;
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
      index = scalar_end(bytes, count, index);
      if (index < 0) return -1;
    }
    // A value has ended: its container continues or ends.
    while (true) {
      if (open == 1) return index;
      if (!has_room(count, index)) return -1;
      uint8_t byte = bytes[index++];
      if (byte == ',') break;
      if (byte != (open & 1 ? '}' : ']')) return -1;
      open >>= 1;
    }
    if (!(open & 1)) continue;
  key:
    if (!has_room(count, index) || bytes[index] != '"') return -1;
    index = string_end(bytes, count, index + 1);
    if (index < 0 || bytes[index + 1] != ':') return -1;
    index += 2;
  }
  return -1;
}
