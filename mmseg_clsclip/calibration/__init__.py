"""Numbers chosen on training pictures."""
