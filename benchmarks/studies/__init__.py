"""What docs/benchmarks.md and docs/quantization.md are made from; not shipped."""
