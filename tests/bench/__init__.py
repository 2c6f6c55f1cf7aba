"""Figures side by side with Docker, Podman and runc; see docs/benchmarks.md."""
