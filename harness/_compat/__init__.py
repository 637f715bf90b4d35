"""Every lean on a private part of a library, a file a library, each with the condition for its deletion."""
