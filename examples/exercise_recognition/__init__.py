"""A smartwatch that recognises physiotherapy exercises: `python -m examples.exercise_recognition`."""
