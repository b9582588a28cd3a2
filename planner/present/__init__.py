"""Domain values to text and documents; computes no verdict and prints nothing."""
