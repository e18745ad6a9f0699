"""The fallback video: probed, converted to match the live stream, stored."""
