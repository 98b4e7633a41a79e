"""Letters to phonemes with attention, from the CMU Pronouncing Dictionary to files for a speech synthesiser."""
