"""What makes the interfaces of each kind of network; `driver.of` finds the one that is needed."""
