"""edgeword_train"""
