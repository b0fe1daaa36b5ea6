"""In which order records are read, and what is kept between runs."""
