"""C as the kernel writes it: text, trees, expressions, statements, macros."""
