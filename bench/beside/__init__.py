"""What stands beside the product: limits written by hand, peers set up as their manuals say."""
