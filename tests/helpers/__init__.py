"""What tests of several rooms share: stand-ins that are made of numbers, and how a run is started."""
