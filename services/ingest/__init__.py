"""Recordings that come from elsewhere: folders, buckets, programs; with what is known of them."""
