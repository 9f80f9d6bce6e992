"""What a live call is watched for while it is held."""
