"""Masks and lists of PASCAL-5i and COCO-20i: what the converters are made of."""
