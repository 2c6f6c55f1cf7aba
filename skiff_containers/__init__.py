"""What runs on the controller beside the collection: the Molecule driver and the testinfra backend."""
