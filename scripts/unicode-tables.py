#!/usr/bin/env python3
"""Writes Sources/PasswordPreparation/UnicodeTables.swift: the Unicode tables that SASLprep needs.

RFC 4013 lets a password be prepared only where all its characters are assigned in Unicode 3.2, and Unicode never changes
how assigned characters are normalised; so these tables are final, whatever Unicode's present version is.
"""
import stringprep
import sys
import unicodedata

CODES = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]


def assigned(code):
    return not stringprep.in_table_a1(chr(code))


def decompositions():
    """Runs of neighbours that are decomposed alike, as 32-bit words: see `Normalization`."""
    runs = []
    for code in CODES:
        fields = unicodedata.decomposition(chr(code)).split()
        if not fields or not assigned(code) or 0xAC00 <= code <= 0xD7A3:
            continue
        compatible = fields[0].startswith("<")
        parts = [int(field, 16) for field in fields[compatible:]]
        excluded = compatible or len(parts) == 1 or unicodedata.normalize("NFC", chr(code)) != chr(code)
        last = runs[-1] if runs else None
        if (last and last["start"] + last["count"] == code and last["excluded"] == excluded and last["count"] < 256
                and len(parts) == len(last["parts"]) and parts[1:] == last["parts"][1:]
                and parts[0] == last["parts"][0] + last["count"]):
            last["count"] += 1
        else:
            runs.append({"start": code, "count": 1, "excluded": excluded, "parts": parts})
    words = []
    for run in runs:
        words.append(run["start"] | (run["count"] - 1) << 21 | run["excluded"] << 29)
        words.append(run["parts"][0] | len(run["parts"]) << 21)
        words += run["parts"][1:]
    return words


def changes(value_of):
    """Where a value begins to hold, until the next: code point, and the value from bit 21 on."""
    words, previous = [], 0
    for code in CODES:
        value = value_of(code)
        if value != previous:
            words.append(code | value << 21)
            previous = value
    return words


def combining_class(code):
    return unicodedata.combining(chr(code)) if assigned(code) else 0


def preparation(code):
    """1 prohibited or unassigned, 2 right to left, 3 left to right; else 0."""
    character = chr(code)
    prohibited = (stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3, stringprep.in_table_c4,
                  stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8,
                  stringprep.in_table_c9, stringprep.in_table_a1)
    if any(table(character) for table in prohibited):
        return 1
    if stringprep.in_table_d1(character):
        return 2
    return 3 if stringprep.in_table_d2(character) else 0


def table(name, comment, words):
    lines, line = [], "   "
    for word in words:
        text = f" 0x{word:X},"
        if len(line + text) > 120:
            lines.append(line)
            line = "   "
        line += text
    lines.append(line)
    return f"  /// {comment}\n  static let {name}: [UInt32] = [\n" + "\n".join(lines) + "\n  ]\n"


with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write("// Written by scripts/unicode-tables.py; not to be edited.\n\n")
    file.write("/// What SASLprep needs to know of Unicode: the characters of version 3.2, and no others.\nenum UnicodeTables {\n")
    file.write("\n".join([
        table("decompositions",
              "Runs: first character, length - 1 from bit 21, bit 29 if never composed; first part, how many from bit 21; parts.",
              decompositions()),
        table("combiningClasses", "From which character on which canonical combining class (from bit 21) holds.",
              changes(combining_class)),
        table("preparation",
              "From which character on (from bit 21) 1 prohibited or unassigned, 2 right to left, 3 left to right, 0 none.",
              changes(preparation)),
    ]))
    file.write("}\n")
