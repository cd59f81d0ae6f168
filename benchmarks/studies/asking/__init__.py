"""What people ask for beside plain greedy words, as ratios: many prompts, drawn words, key presses, replay."""
