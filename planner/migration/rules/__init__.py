"""The rules of judgement, each of one edge and one guest."""
