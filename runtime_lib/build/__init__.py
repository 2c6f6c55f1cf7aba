"""Dockerfile builds."""
