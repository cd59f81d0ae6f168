"""edgeword_export"""
