"""Documents about a release, written from records alone; each has its template beside it."""
