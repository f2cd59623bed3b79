"""The nouns every detector shares: observation, state, score, baseline, fusion, calibration."""
