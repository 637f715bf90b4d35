"""Faults injected into real commands and the files that they leave: kills, torn journals, damage, full disks."""
