"""The container runtime of Skiff: kernel wrappers at the bottom, desired state and the host command on top."""
