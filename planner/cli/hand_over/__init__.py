"""Commands whose readers are other programs: exports, and lines for a daily job."""
