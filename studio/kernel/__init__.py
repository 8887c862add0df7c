"""What does every room need? Errors, problems, ids and names."""
