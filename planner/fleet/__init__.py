"""Files to values: fleet, guests, edges, cases, policy and probes; the only home of pandas."""
