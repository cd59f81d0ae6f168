"""Results: percentiles, the figures of a row, the result file, and two of them compared."""
