"""Memory that a run takes, beside what its plan said: a stand-in of the 3-billion model in few layers."""
