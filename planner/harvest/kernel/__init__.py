"""What a kernel's source says of its KVM, tap and vhost; loud about what it does not understand."""
