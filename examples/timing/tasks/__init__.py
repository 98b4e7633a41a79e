"""What is learned, in the place of data: a task draws its own sequences and says what a right answer is."""
