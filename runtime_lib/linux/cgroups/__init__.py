"""Control groups, version 1, version 2 and both side by side, behind one interface."""
