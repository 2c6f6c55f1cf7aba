"""Containers: what a user names, starts, stops and looks at."""
