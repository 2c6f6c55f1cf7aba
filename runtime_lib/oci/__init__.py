"""The low-level runtime: an OCI bundle in, a process out."""
