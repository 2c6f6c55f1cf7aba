"""Desired state: specifications, observation, plans and their steps."""
