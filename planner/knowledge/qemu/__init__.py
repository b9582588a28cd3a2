"""What is known of QEMU: its builds, their machine types, compat lists and parts."""
