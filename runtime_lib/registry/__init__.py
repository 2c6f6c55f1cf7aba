"""The wire protocol of registries (OCI distribution specification 1.1), which knows nothing of the store."""
