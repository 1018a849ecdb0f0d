PLACEHOLDER = "<!-- house -->"
def drawing(package): return ""
