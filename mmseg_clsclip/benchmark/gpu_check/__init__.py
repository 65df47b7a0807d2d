"""One check of a device: its numbers, its ceilings, and what ClsCLIP costs on it."""
