"""Who speaks when in a mixed recording: segmentation, voices, clustering, attribution."""
