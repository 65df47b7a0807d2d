"""The paper's tables, a column at a time: what tools/reproduce/ is made of."""
