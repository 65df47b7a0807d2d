"""Files, messages, arguments and keys, for every other subpackage."""
