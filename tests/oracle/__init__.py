"""The same questions to a real Docker Engine and to Skiff."""
