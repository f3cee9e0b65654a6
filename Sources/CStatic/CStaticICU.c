// Foundation contains ICU, whose data (34 MB: calendars, collations and names in all languages) nothing here uses: no text is
// sorted, folded or formatted by language. A program that defines the data itself does without the library's. This is
// a common data file (ICU User Guide, "ICU Data", "Common data files") without entries, so that ICU finds nothing and returns
// errors, as it does in any program whose data files are missing. `make test` runs its tests on the program that ships.

#include <stdint.h>

const struct {
  uint16_t header_size;
  uint8_t magic[2];
  uint16_t info_size;
  uint16_t reserved_word;
  uint8_t is_big_endian;
  uint8_t character_family;
  uint8_t character_size;
  uint8_t reserved_byte;
  uint8_t format[4];
  uint8_t format_version[4];
  uint8_t data_version[4];
  uint8_t padding[8];
  uint32_t entries;
} icudt76_dat = {
    .header_size = 32,
    .magic = {0xDA, 0x27},
    .info_size = 20,
    .character_size = 2,
    .format = {'C', 'm', 'n', 'D'},
    .format_version = {1, 0, 0, 0},
};
