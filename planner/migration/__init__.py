"""The meaning of safety: profiles, the graph between them, and the judgement of one edge."""
