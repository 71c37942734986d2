"""Identity 身份: registration by phone, real name, sign-in and sessions, and leaving."""
