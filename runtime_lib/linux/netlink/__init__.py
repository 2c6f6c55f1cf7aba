"""rtnetlink: the messages of one container by hand, pyroute2 for everything about networks."""
