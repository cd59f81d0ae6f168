"""edgeword_bench"""
