"""The process that stays beside each running container."""
