"""Reports: results as text, as Markdown, and as a page with pictures."""
