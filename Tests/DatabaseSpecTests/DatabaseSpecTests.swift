// DatabaseSpec
