"""The studies on Shapes-5i: what tools/shapes/ is made of."""
