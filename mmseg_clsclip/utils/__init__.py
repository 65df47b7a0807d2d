"""Files, warnings, arguments: what every room uses."""
