"""What makes parts of the project that are kept in it, such as the README's pictures."""
