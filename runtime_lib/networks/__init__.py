"""Networks: addresses, bridges, published ports and names."""
