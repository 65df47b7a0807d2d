"""Time, memory and operations of models with random weights."""
