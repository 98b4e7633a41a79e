"""What peepholes are for, and the tasks that LSTM was born with: `python -m examples.timing`."""
