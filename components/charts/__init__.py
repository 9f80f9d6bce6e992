"""One builder per chart: domain values in, a Plotly figure out; and how figures are shown."""
