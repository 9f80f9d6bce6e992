"""What an installation needs besides calls: backups, erasing, what it takes of disk and money."""
