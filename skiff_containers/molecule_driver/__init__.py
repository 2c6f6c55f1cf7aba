"""The Molecule driver `molecule-skiff`: instances are Skiff containers, and no engine is needed."""
