"""What an attacker on the machine can send to the hook listener, and what it does to it."""
