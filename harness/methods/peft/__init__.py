"""Any method of PEFT, from the block in a recipe to the adapter on disk; `method` is where it begins."""
