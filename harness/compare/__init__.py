"""From run folders or anyone's lm-eval sample files to paired arrays of scores, checked on the way."""
