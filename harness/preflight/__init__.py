"""What is known before anything is trained: costs, mistakes, and whether training gives a scored item away."""
