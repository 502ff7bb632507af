"""Running the web application and the workers."""
