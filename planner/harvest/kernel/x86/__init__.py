"""What x86 kernels give guests: CPUID and VMX."""
