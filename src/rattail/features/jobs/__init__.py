"""Jobs for people: lists, progress, cancelling."""
