"""Images: references, archives, layers and their unpacking."""
